/**
 * Choosing many rows: the bar with the actions, "all on this page", all on further pages, and a choice that outlives
 * live updates.
 */

const chosen = new Set();
/** Those of them that stand on other pages. */
const others = new Set();

const form = () => document.querySelector("[data-bulk]");
const boxes = () => [...form().querySelectorAll("input[type=checkbox][name=ids]")];

function draw() {
  if (!form()) return;
  const rows = boxes();
  for (const box of rows) {
    box.checked = chosen.has(box.value);
    box.closest("tr").toggleAttribute("data-chosen", box.checked);
  }
  const all = form().querySelector("[data-bulk-all]");
  if (all) {
    all.checked = rows.length > 0 && rows.every((box) => box.checked);
    all.indeterminate = chosen.size > 0 && !all.checked;
  }
  form().querySelector("[data-bulk-bar]").hidden = chosen.size === 0;
  form().querySelector("[data-bulk-count]").textContent = chosen.size;
  const everything = form().querySelector("[data-bulk-everything]");
  if (!everything) return; // lists whose pages are chosen one by one
  const more = form().querySelector("[data-bulk-more]");
  everything.hidden = !more || others.size > 0 || !all?.checked;
  if (more) everything.textContent = more.content.textContent;
  form().querySelector("[data-bulk-others]").replaceChildren(...[...others].map(hidden));
}

/** An input that is sent as the box of its row would be. */
function hidden(id) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "ids", value: id });
  return input;
}

async function chooseEverything() {
  const { bulkMore } = form().querySelector("[data-bulk-more]").dataset;
  const answer = await fetch(bulkMore, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`no ids: ${answer.status}`);
  const { ids } = await answer.json();
  const here = new Set(boxes().map((box) => box.value));
  for (const id of ids) {
    chosen.add(id);
    if (!here.has(id)) others.add(id);
  }
  draw();
}

function clear() {
  chosen.clear();
  others.clear();
  draw();
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-bulk-all]")) {
    chosen.clear();
    others.clear();
    if (target.checked) boxes().forEach((box) => chosen.add(box.value));
  }
  else if (target.matches("[data-bulk] input[name=ids]")) target.checked ? chosen.add(target.value) : chosen.delete(target.value);
  else return;
  draw();
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-bulk-clear]")) clear();
  if (target.closest("[data-bulk-everything]")) chooseEverything();
});
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
  for (const id of there) others.delete(id);
  for (const id of chosen) if (!there.has(id) && !others.has(id)) chosen.delete(id);
  draw();
});
