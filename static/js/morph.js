/** What live updates must leave alone, and what they should say aloud. */

import "./htmx.js";
import { Idiomorph } from "idiomorph/dist/idiomorph-ext.esm.js";

const { callbacks } = Idiomorph.defaults;

/** An open menu stays open and in its place, an unfolded part unfolded, a chosen box chosen, a screen's picture seen. */
callbacks.beforeAttributeUpdated = (attribute, element) => {
  if (element.matches(".dropdown-menu.show, .dropdown-toggle.show, [data-bs-toggle].show")) {
    return !["class", "style", "aria-expanded", "data-popper-placement"].includes(attribute);
  }
  if (element.matches("[data-row-menu]") && attribute.startsWith("data-bs-")) return false;
  if (element.matches("img[data-screen]")) return attribute !== "src" && attribute !== "hidden";
  if (attribute === "open") return !element.matches("details");
  if (attribute === "checked") return !element.matches("[data-bulk] input, .launch input");
  return true;
};

/** Whether somebody has written into a form that stands in a live part. */
const isBegun = (element) =>
  element.matches?.("form[data-clear]") &&
  [...element.elements].some((field) => field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked);

/** What a person has open is not pulled from under them: a form being written in, a menu that was fetched. */
const OPEN = "[data-rename-form]:not([hidden]), .describe:focus-within, .row-menu.show, details[data-writing][open]";
callbacks.beforeNodeMorphed = (element) => !element.matches?.(OPEN) && !isBegun(element);
callbacks.beforeNodeRemoved = (element) => !element.matches?.("[data-row-menu] + .row-menu");

/** What the row of a status says of it. */
const ofRow = (cell) => `${cell.closest("tr").querySelector("th a").textContent}: ${cell.querySelector(".state").textContent}`;

const said = new Map();

function read() {
  const now = new Map();
  for (const element of document.querySelectorAll("[data-announce], #instances .cell-status")) {
    now.set(element.closest("[id]")?.id ?? "", element.dataset.announce || ofRow(element));
  }
  return now;
}

function announce() {
  const now = read();
  const changed = [...now].filter(([id, text]) => said.has(id) && said.get(id) !== text).map(([, text]) => text);
  now.forEach((text, id) => said.set(id, text));
  if (changed.length) document.getElementById("announcer").textContent = changed.slice(0, 3).join(". ");
}

announce();
document.addEventListener("htmx:afterSettle", announce);
