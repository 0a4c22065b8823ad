/** Ctrl-K: pages, instances and actions by name; a combobox in a dialog. */

import { ask } from "./confirm.js";

const dialog = document.getElementById("palette");
const input = document.getElementById("palette-input");
const list = document.getElementById("palette-list");
const empty = document.getElementById("palette-empty");

let items = [];
let chosen = 0;
let asked = 0;

async function search() {
  const number = ++asked;
  const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } });
  if (number !== asked) return;
  if (!answer.ok) throw new Error(`nothing found: ${answer.status}`);
  ({ items } = await answer.json());
  chosen = 0;
  draw();
}

function draw() {
  list.replaceChildren(
    ...items.map((item, index) => {
      const option = document.createElement("li");
      option.id = `palette-option-${index}`;
      option.role = "option";
      option.className = "palette-item";
      option.innerHTML = item.icon;
      const label = document.createElement("span");
      label.textContent = item.label;
      const hint = document.createElement("small");
      hint.textContent = item.hint;
      option.append(label, hint);
      option.addEventListener("click", () => run(item));
      option.addEventListener("pointermove", () => index !== chosen && mark(index));
      return option;
    }),
  );
  empty.hidden = items.length > 0;
  mark(0);
}

function mark(index) {
  chosen = index;
  [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  const option = list.children[index];
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

async function run(item) {
  dialog.close();
  if (item.press) {
    document.querySelector(item.press).click();
    return;
  }
  if (!item.verb) {
    location.assign(item.url);
    return;
  }
  if (item.confirm && !(await ask({ title: item.label, text: item.confirm, yes: item.label }))) return;
  globalThis.htmx.ajax("POST", item.url, { source: document.body, swap: "none" });
}

function open() {
  if (dialog.open) return;
  input.value = "";
  dialog.showModal();
  search();
}

const KEYS = {
  ArrowDown: () => mark((chosen + 1) % Math.max(items.length, 1)),
  ArrowUp: () => mark((chosen - 1 + items.length) % Math.max(items.length, 1)),
  Enter: () => items[chosen] && run(items[chosen]),
};

if (dialog) {
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.isComposing) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  document.addEventListener("click", ({ target }) => target.closest("[data-palette-open]") && open());
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("palette", open);
}
