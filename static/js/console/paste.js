// The dialog that types text: shows what cannot be typed before anything is sent.

import { layoutOf, normalised, untypable } from "./layouts.js";
import { type } from "./typing.js";

const LAYOUT_KEY = "meridian.console.layout";

/**
 * Wires the dialog; `rfb()` gives the present connection or null. Returns what opens it, and the chosen layout's address.
 * The layout is kept with the instance; one that nobody has said is the last that this browser chose.
 */
export function pasteDialog(dialog, rfb, csrf) {
  const part = (name) => dialog.querySelector(`[data-paste="${name}"]`);
  const [text, layout, missing, send, cancel, bar, count] = [
    "text", "layout", "missing", "send", "cancel", "bar", "count",
  ].map(part);
  let abort = null;
  let strokes = null;

  const check = () => {
    const wrong = strokes ? untypable(text.value, strokes) : [];
    missing.hidden = wrong.length === 0;
    missing.querySelector("[data-characters]").textContent = wrong.map(visible).join("  ");
    const some = [...new Set(normalised(text.value))].length > wrong.length;
    send.disabled = !strokes || !some || abort !== null;
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

  const address = () => dialog.dataset.layouts.replace("LAYOUT", layout.value);
  const load = async () => {
    const name = layout.value;
    strokes = null;
    check();
    try {
      const loaded = await layoutOf(address());
      if (layout.value === name) strokes = loaded;
    } catch (error) {
      document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "danger", text: error.message } }));
    }
    check();
  };
  layout.value = dialog.dataset.layout || localStorage.getItem(LAYOUT_KEY) || "us";
  if (!layout.value) {
    layout.value = "us";
  }
  layout.addEventListener("change", () => {
    localStorage.setItem(LAYOUT_KEY, layout.value);
    const body = new URLSearchParams({ layout: layout.value });
    fetch(dialog.dataset.keep, { method: "POST", headers: { "X-CSRFToken": csrf, Accept: "application/json" }, body });
    load();
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
    await type(target, text.value, strokes, { signal: mine.signal, progress });
    const whole = !mine.signal.aborted;
    abort = null;
    busy(false);
    if (whole) {
      text.value = "";
      dialog.close();
    }
  });

  const open = () => {
    load();
    dialog.showModal();
    text.focus();
  };
  return { open, address };
}

/** A character as people can tell it apart: those without a picture by number. */
function visible(character) {
  return /[\p{C}\p{Z}\p{M}]/u.test(character)
    ? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`
    : character;
}
