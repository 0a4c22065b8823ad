/** Loads a console. If one of its many files does not come, it says so: the page would stay black without a word. */

const root = document.querySelector("[data-console]");

import(root.dataset.script).catch(() => {
  root.dataset.state = "unloaded";
  for (const panel of root.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== "unloaded";
});
root.addEventListener("click", ({ target }) => target.closest("[data-do=reload]") && location.reload());
