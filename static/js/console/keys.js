// Keys that browsers keep for themselves, and modifiers that stay down until released.

const KEYSYMS = {
  ControlLeft: 0xffe3,
  ControlRight: 0xffe4,
  ShiftLeft: 0xffe1,
  ShiftRight: 0xffe2,
  AltLeft: 0xffe9,
  AltRight: 0xfe03,
  MetaLeft: 0xffeb,
  MetaRight: 0xffec,
  Delete: 0xffff,
  Tab: 0xff09,
  Escape: 0xff1b,
  Enter: 0xff0d,
  Backspace: 0xff08,
  PrintScreen: 0xff61,
  ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`F${index + 1}`, 0xffbe + index])),
};
const MODIFIERS = Object.keys(KEYSYMS).filter((code) => /^(Control|Shift|Alt|Meta)/.test(code));

/** Press or release one key by its place on the keyboard (KeyboardEvent.code). */
export function key(rfb, code, down) {
  rfb.sendKey(KEYSYMS[code], code, down);
}

/** Press the keys one after the other and release them backwards, as fingers do. */
export function combination(rfb, codes) {
  codes.forEach((code) => key(rfb, code, true));
  [...codes].reverse().forEach((code) => key(rfb, code, false));
}

/** Let go of every modifier, whoever holds it: noVNC would wait for a release that we take away from it. */
export function releaseModifiers(rfb) {
  MODIFIERS.forEach((code) => key(rfb, code, false));
}

/** Buttons that hold a modifier down; `aria-pressed` shows it. */
export class StickyModifiers {
  #buttons;

  constructor(buttons, rfb) {
    this.#buttons = [...buttons];
    for (const button of this.#buttons) {
      button.addEventListener("click", () => {
        const down = button.getAttribute("aria-pressed") !== "true";
        if (rfb()) {
          key(rfb(), button.dataset.modifier, down);
          button.setAttribute("aria-pressed", String(down));
          rfb().focus();
        }
      });
    }
  }

  /** The guest forgets what is held when the connection ends, so the buttons do too. */
  forget() {
    this.#buttons.forEach((button) => button.setAttribute("aria-pressed", "false"));
  }
}
