// Keyboard layouts: which keys make a character. A space stands for a dead key or none.

const KEYS = [
  "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
  "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight",
  "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backslash",
  "IntlBackslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash",
].map((row) => row.split(" "));

const ROWS = {
  us: {
    plain: ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", " zxcvbnm,./"],
    shift: ["~!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"|", " ZXCVBNM<>?"],
    altgr: ["", "", "", ""],
  },
  gb: {
    plain: ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'#", "\\zxcvbnm,./"],
    shift: ["¬!\"£$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:@~", "|ZXCVBNM<>?"],
    altgr: ["    €        ", "", "", ""],
  },
  de: {
    plain: [" 1234567890ß ", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-"],
    shift: ["°!\"§$%&/()=? ", "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_"],
    altgr: ["  ²³   {[]}\\ ", "@ €        ~", "", "|      µ   "],
  },
};

const SPECIAL = { "\n": "Enter", "\t": "Tab", " ": "Space" };
const KEYSYMS = { "\n": 0xff0d, "\t": 0xff09 };

/** The strokes of a layout by character: {code, keysym, shift, altgr}. */
export function strokesOf(name) {
  const strokes = new Map();
  for (const level of ["altgr", "shift", "plain"]) {
    ROWS[name][level].forEach((row, index) => {
      [...row].forEach((character, column) => {
        if (character !== " ") {
          strokes.set(character, stroke(character, KEYS[index][column], level));
        }
      });
    });
  }
  for (const [character, code] of Object.entries(SPECIAL)) {
    strokes.set(character, stroke(character, code, "plain"));
  }
  return strokes;
}

/** Text as keys see it: one newline a line, no carriage returns. */
export function normalised(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC");
}

/** The characters of `text` that the layout has no key for, each once, in order. */
export function untypable(text, layout) {
  const strokes = strokesOf(layout);
  return [...new Set(normalised(text))].filter((character) => !strokes.has(character));
}

function stroke(character, code, level) {
  return { code, keysym: keysymOf(character), shift: level === "shift", altgr: level === "altgr" };
}

/** X11's number of a character (keysymdef.h): Latin 1 as it is, the rest of Unicode with an offset. */
function keysymOf(character) {
  const point = character.codePointAt(0);
  return KEYSYMS[character] ?? (point < 0x100 ? point : 0x01000000 + point);
}
