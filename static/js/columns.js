/** The columns that a list leaves out change at once; htmx keeps the choice with the user. */

document.addEventListener("change", ({ target }) => {
  const chooser = target.closest("[data-columns]");
  if (!chooser) return;
  const left = [...chooser.querySelectorAll("input:not([type=hidden], :checked)")];
  document.documentElement.dataset.hides = left.map((box) => box.value).join(" ");
});
