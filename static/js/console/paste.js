// The dialog that types text: shows what cannot be typed before anything is sent.

import { normalised, untypable } from "./layouts.js";
import { type } from "./typing.js";

const LAYOUT_KEY = "meridian.console.layout";

/** Wires the dialog; `rfb()` gives the present connection or null. Returns a function that opens it. */
export function pasteDialog(dialog, rfb) {
  const part = (name) => dialog.querySelector(`[data-paste="${name}"]`);
  const [text, layout, missing, send, cancel, bar, count] = [
    "text", "layout", "missing", "send", "cancel", "bar", "count",
  ].map(part);
  let abort = null;

  const check = () => {
    const wrong = untypable(text.value, layout.value);
    missing.hidden = wrong.length === 0;
    missing.querySelector("[data-characters]").textContent = wrong.map(visible).join("  ");
    const some = [...normalised(text.value)].length > wrong.length;
    send.disabled = !some || abort !== null;
    send.textContent = wrong.length ? send.dataset.without : send.dataset.all;
  };
  const progress = (done, total) => {
    bar.max = total;
    bar.value = done;
    count.textContent = `${done} / ${total}`;
  };
  const busy = (on) => {
    bar.hidden = count.hidden = !on;
    text.disabled = layout.disabled = on;
    check();
  };

  layout.value = localStorage.getItem(LAYOUT_KEY) ?? "us";
  if (!layout.value) {
    layout.value = "us";
  }
  layout.addEventListener("change", () => {
    localStorage.setItem(LAYOUT_KEY, layout.value);
    check();
  });
  text.addEventListener("input", check);
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    abort?.abort();
    rfb()?.focus();
  });
  send.addEventListener("click", async () => {
    const target = rfb();
    if (!target) {
      return;
    }
    const mine = (abort = new AbortController());
    target.addEventListener("disconnect", () => mine.abort(), { once: true });
    progress(0, [...normalised(text.value)].length);
    busy(true);
    await type(target, text.value, layout.value, { signal: mine.signal, progress });
    const whole = !mine.signal.aborted;
    abort = null;
    busy(false);
    if (whole) {
      text.value = "";
      dialog.close();
    }
  });

  return () => {
    check();
    dialog.showModal();
    text.focus();
  };
}

/** A character as people can tell it apart: those without a picture by number. */
function visible(character) {
  return /[\p{C}\p{Z}\p{M}]/u.test(character)
    ? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`
    : character;
}
