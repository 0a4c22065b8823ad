/** Short messages that are shown for a while and read aloud. */

const LONG = 6000;
const TO_DECIDE = 10_000; // where there is something to press
const LONGER = 14_000; // errors take longer to read

/**
 * @param {"success" | "danger" | "info"} kind
 * @param {string} text
 * @param {{url?: string, undo_url?: string, undo_values?: object}} more the page of what the text names, and a POST
 *   that takes it back
 */
export function toast(kind, text, { url, undo_url: undo, undo_values: values } = {}) {
  const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  note.dataset.kind = kind;
  note.querySelector("span").textContent = text;
  const box = document.getElementById("toasts");
  if (url && url !== location.pathname) {
    const link = note.querySelector("[data-toast-link]");
    link.href = url;
    link.hidden = false;
  }
  if (undo) {
    const button = note.querySelector("[data-toast-undo]");
    button.setAttribute("hx-post", undo);
    if (values) button.setAttribute("hx-vals", JSON.stringify(values));
    button.hidden = false;
    button.addEventListener("htmx:afterRequest", () => note.remove());
  }
  box.append(note);
  globalThis.htmx?.process(note);
  while (box.children.length > 4) box.firstElementChild.remove();
  leave(note, kind === "danger" ? LONGER : undo ? TO_DECIDE : LONG);
}

function leave(note, after) {
  let timer = setTimeout(() => note.remove(), after);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => (timer = setTimeout(() => note.remove(), 2000)));
}

document.querySelectorAll(".toast-note").forEach((note) => leave(note, LONG));
document.addEventListener("click", ({ target }) => target.closest("[data-toast-close]")?.closest(".toast-note").remove());
document.addEventListener("toast", ({ detail }) => toast(detail.kind, detail.text, detail));

/** Say that the server did not answer. */
export function failed() {
  toast("danger", document.getElementById("failed-text").content.textContent);
}

document.addEventListener("htmx:sendError", ({ detail }) => isLive(detail.elt) || failed());
document.addEventListener("htmx:responseError", ({ detail }) => {
  // Answers that explain themselves bring their own toast; live regions ask again.
  const explains = detail.xhr.getResponseHeader("HX-Trigger") || detail.xhr.getResponseHeader("HX-Redirect");
  if (!explains && !isLive(detail.elt)) failed();
});
// What nobody else has caught: nothing is lost without a word.
addEventListener("unhandledrejection", failed);

/** Whether the element asks by itself, whenever something has changed. */
export function isLive(element) {
  return element.matches("[hx-trigger*='live:']:not(form)");
}
