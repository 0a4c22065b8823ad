/** Menus, and the rail's drawer on phones: the two of Tabler's scripts that pages use. */

import Dropdown from "@tabler/core/js/src/bootstrap/dropdown.ts";
import "@tabler/core/js/src/bootstrap/offcanvas.ts";

/** Nothing cuts a menu off: it keeps to the window, if need be over its own button. */
Dropdown.Default.popperConfig = ({ modifiers, ...config }) => ({
  ...config,
  strategy: "fixed",
  modifiers: [...modifiers, { name: "preventOverflow", options: { altAxis: true, padding: 8 } }],
});

/** A menu that was fetched after it was opened finds its place anew. */
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.matches?.(".row-menu.show")) Dropdown.getInstance(target.previousElementSibling)?.update();
});
