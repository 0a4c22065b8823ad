/** Short messages that are shown for a while and read aloud. */

const LONG = 6000;
const LONGER = 14_000; // errors take longer to read

/**
 * @param {"success" | "danger" | "info"} kind
 * @param {string} text
 */
export function toast(kind, text) {
  const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  note.dataset.kind = kind;
  note.querySelector("span").textContent = text;
  const box = document.getElementById("toasts");
  box.append(note);
  while (box.children.length > 4) box.firstElementChild.remove();
  leave(note, kind === "danger" ? LONGER : LONG);
}

function leave(note, after) {
  let timer = setTimeout(() => note.remove(), after);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => (timer = setTimeout(() => note.remove(), 2000)));
}

document.querySelectorAll(".toast-note").forEach((note) => leave(note, LONG));
document.addEventListener("click", ({ target }) => target.closest("[data-toast-close]")?.closest(".toast-note").remove());
document.addEventListener("toast", ({ detail }) => toast(detail.kind, detail.text));
document.addEventListener("htmx:sendError", () => toast("danger", document.getElementById("failed-text").content.textContent));
document.addEventListener("htmx:responseError", ({ detail }) => {
  // Answers that explain themselves bring their own toast.
  const explains = detail.xhr.getResponseHeader("HX-Trigger") || detail.xhr.getResponseHeader("HX-Redirect");
  if (!explains && !detail.elt.hasAttribute("data-gone")) {
    toast("danger", document.getElementById("failed-text").content.textContent);
  }
});
