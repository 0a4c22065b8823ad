// Types text into a guest that has no clipboard, key by key.

import { key } from "./keys.js";
import { normalised } from "./layouts.js";

const EVENT_MILLISECONDS = 12; // QEMU plays queued keys at 10 ms each and drops what its queue cannot hold

/** Type all of `text` by its strokes; `progress(done, total)` after each character. Stops early when `signal` says so. */
export async function type(rfb, text, strokes, { signal, progress }) {
  const characters = [...normalised(text)].filter((character) => strokes.has(character));
  const held = { ShiftLeft: false, AltRight: false };
  const hold = async (code, down) => {
    if (held[code] !== down) {
      key(rfb, code, down);
      held[code] = down;
      await pause();
    }
  };
  for (const [index, character] of characters.entries()) {
    if (signal.aborted) {
      break;
    }
    for (const { code, keysym, shift, altgr } of strokes.get(character)) {
      await hold("ShiftLeft", shift);
      await hold("AltRight", altgr);
      for (const down of [true, false]) {
        rfb.sendKey(keysym, code, down);
        await pause();
      }
    }
    progress(index + 1, characters.length);
  }
  await hold("ShiftLeft", false);
  await hold("AltRight", false);
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, EVENT_MILLISECONDS));
}
