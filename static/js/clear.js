/** A form with `data-clear` is empty again once it was sent. */

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.elt.matches("form[data-clear]")) detail.elt.reset();
});
