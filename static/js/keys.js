/** Single keys, wherever nobody is typing: ? shows all, / searches. */

const writing = ({ target }) => target.closest?.("input, textarea, select, [contenteditable], .console, dialog[open]");

function search() {
  const field = document.getElementById("search");
  field ? field.focus() : document.dispatchEvent(new Event("palette"));
}

const KEYS = { "?": () => document.getElementById("keys")?.showModal(), "/": search };

document.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writing(event)) return;
  event.preventDefault();
  KEYS[event.key]();
});
