// An on-screen keyboard on devices that have no other: an invisible field takes what it types.

import { key } from "./keys.js";
import { layoutOf } from "./layouts.js";

const FILLER = "_"; // so that Backspace has something to delete

/**
 * Wires the field; `rfb()` gives the present connection or null, `layout()` the address of the layout inside the guest.
 * Returns a function that shows the keyboard.
 */
export function touchKeyboard(field, rfb, layout) {
  let strokes = new Map();
  const reset = () => {
    field.value = FILLER;
    field.setSelectionRange(1, 1);
  };
  field.addEventListener("input", (event) => {
    const target = rfb();
    if (target && !event.isComposing) {
      const typed = field.value.startsWith(FILLER) ? field.value.slice(1) : null;
      if (typed === null) {
        press(target, "Backspace");
      }
      for (const character of typed ?? "") {
        for (const stroke of strokes.get(character) ?? []) put(target, stroke);
      }
    }
    if (!event.isComposing) {
      reset();
    }
  });
  field.addEventListener("keydown", (event) => {
    const target = rfb();
    if (target && ["Enter", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      press(target, event.key);
    }
  });
  return async () => {
    reset();
    field.focus();
    strokes = await layoutOf(layout());
  };
}

function press(rfb, code) {
  key(rfb, code, true);
  key(rfb, code, false);
}

function put(rfb, { code, keysym, shift, altgr }) {
  const held = [...(shift ? ["ShiftLeft"] : []), ...(altgr ? ["AltRight"] : [])];
  held.forEach((each) => key(rfb, each, true));
  rfb.sendKey(keysym, code);
  held.forEach((each) => key(rfb, each, false));
}
