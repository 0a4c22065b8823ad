/** The pencil beside a name turns it into a field. */

function toggle(element, open) {
  const title = element.closest(".instance-title");
  const form = title.querySelector("[data-rename-form]");
  form.hidden = !open;
  title.querySelector("[data-rename-shown]").hidden = open;
  title.querySelector("[data-rename-open]").hidden = open;
  if (open) form.elements.name.select();
  else title.querySelector("[data-rename-open]").focus();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-rename-open]")) toggle(target, true);
  else if (target.closest("[data-rename-close]")) toggle(target, false);
});
document.addEventListener("keydown", ({ key, target }) => {
  if (key === "Escape" && target.closest?.("[data-rename-form]")) toggle(target, false);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.elt.matches("[data-rename-form]")) toggle(detail.elt, false);
});
