/** Choosing many rows: the bar with the actions, "all on this page", and a choice that outlives live updates. */

const chosen = new Set();

const form = () => document.querySelector("[data-bulk]");
const boxes = () => [...form().querySelectorAll("input[name=ids]")];

function draw() {
  if (!form()) return;
  const rows = boxes();
  for (const box of rows) {
    box.checked = chosen.has(box.value);
    box.closest("tr").toggleAttribute("data-chosen", box.checked);
  }
  const all = form().querySelector("[data-bulk-all]");
  if (all) {
    all.checked = chosen.size > 0 && chosen.size === rows.length;
    all.indeterminate = chosen.size > 0 && !all.checked;
  }
  form().querySelector("[data-bulk-bar]").hidden = chosen.size === 0;
  form().querySelector("[data-bulk-count]").textContent = chosen.size;
}

function clear() {
  chosen.clear();
  draw();
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-bulk-all]")) boxes().forEach((box) => (target.checked ? chosen.add(box.value) : chosen.delete(box.value)));
  else if (target.matches("[data-bulk] input[name=ids]")) target.checked ? chosen.add(target.value) : chosen.delete(target.value);
  else return;
  draw();
});
document.addEventListener("click", ({ target }) => target.closest("[data-bulk-clear]") && clear());
document.addEventListener("submit", (event) => event.target.matches("[data-bulk]") && event.preventDefault());
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  // What only looks, as the menu does, leaves the choice as it is.
  if (!detail.successful || detail.requestConfig.verb === "get" || !detail.elt.closest("[data-bulk-bar]")) return;
  detail.elt.closest("form[data-bulk-bar]")?.reset();
  clear();
});
document.addEventListener("htmx:afterSettle", () => {
  if (!form()) return;
  const there = new Set(boxes().map((box) => box.value));
  for (const id of chosen) if (!there.has(id)) chosen.delete(id);
  draw();
});
