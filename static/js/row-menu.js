/** The menus of rows: each is made when it is first opened, and fetched from its instance's page each time. */

function make({ target }) {
  const toggle = target.closest?.("[data-row-menu]");
  if (!toggle || toggle.nextElementSibling) return;
  const menu = document.createElement("div");
  menu.id = toggle.closest("tr").id.replace("row", "menu");
  menu.className = "dropdown-menu dropdown-menu-end row-menu";
  toggle.dataset.bsToggle = "dropdown";
  toggle.ariaExpanded = "false";
  toggle.after(menu);
}

// Before Bootstrap looks for it, which it does while the event is on its way down through the document.
globalThis.addEventListener("click", make, true);
globalThis.addEventListener("keydown", make, true);

document.addEventListener("show.bs.dropdown", ({ target }) => {
  if (!target.matches("[data-row-menu]")) return;
  const { href } = target.closest("tr").querySelector(".cell-name a");
  globalThis.htmx.ajax("GET", href, { source: target, target: target.nextElementSibling, swap: "morph:innerHTML" });
});
