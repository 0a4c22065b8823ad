/** What live updates must leave alone, and what they should say aloud. */

const { callbacks } = globalThis.Idiomorph.defaults;

/** An open menu stays open and in its place, an unfolded part unfolded, a chosen box chosen. */
callbacks.beforeAttributeUpdated = (attribute, element) => {
  if (element.matches(".dropdown-menu.show, .dropdown-toggle.show, [data-bs-toggle].show")) {
    return !["class", "style", "aria-expanded", "data-popper-placement"].includes(attribute);
  }
  if (attribute === "open") return !element.matches("details");
  if (attribute === "checked") return !element.matches("[data-bulk] input");
  return true;
};

/** A form that a person is writing in is not pulled from under them. */
callbacks.beforeNodeMorphed = (element) => !(element.matches?.("[data-rename-form]:not([hidden])"));

const said = new Map();

function read() {
  const now = new Map();
  for (const element of document.querySelectorAll("[data-announce]")) {
    now.set(element.closest("[id]")?.id ?? "", element.dataset.announce);
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
