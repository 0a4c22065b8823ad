// An on-screen keyboard on devices that have no other: an invisible field takes what it types.

import { key } from "./keys.js";
import { strokesOf } from "./layouts.js";

const FILLER = "_"; // so that Backspace has something to delete

/** Wires the field; `rfb()` gives the present connection or null. Returns a function that shows the keyboard. */
export function touchKeyboard(field, rfb) {
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
        put(target, character);
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
  return () => {
    reset();
    field.focus();
  };
}

function press(rfb, code) {
  key(rfb, code, true);
  key(rfb, code, false);
}

function put(rfb, character) {
  const stroke = strokesOf("us").get(character);
  if (!stroke) {
    return;
  }
  if (stroke.shift) {
    key(rfb, "ShiftLeft", true);
  }
  rfb.sendKey(stroke.keysym, stroke.code);
  if (stroke.shift) {
    key(rfb, "ShiftLeft", false);
  }
}
