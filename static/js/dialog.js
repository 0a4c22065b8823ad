/** A dialog opens once htmx has filled it, and closes when what it asked for is done. */

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.matches?.("dialog") && !target.open) target.showModal();
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr.status === 204) detail.elt.closest("dialog")?.close();
});
document.addEventListener("click", ({ target }) => target.closest("[data-dialog-close]")?.closest("dialog").close());
