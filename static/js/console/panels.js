// What stands in place of the screen while there is none.

/** Shows the one panel of a state inside `root`, and none when connected. */
export class Panels {
  #root;
  #panels;

  constructor(root) {
    this.#root = root;
    this.#panels = new Map([...root.querySelectorAll("[data-panel]")].map((panel) => [panel.dataset.panel, panel]));
  }

  show({ state, again, reason, visitors }) {
    this.#root.dataset.state = state;
    for (const [name, panel] of this.#panels) {
      panel.hidden = name !== state;
    }
    const panel = this.#panels.get(state);
    if (!panel) {
      return;
    }
    fill(panel, "again", (part) => (part.hidden = !again));
    fill(panel, "first", (part) => (part.hidden = Boolean(again)));
    fill(panel, "reason", (part) => (part.textContent = reason || part.dataset.otherwise || ""));
    fill(panel, "visitors", (part) => {
      part.textContent = new Intl.ListFormat(document.documentElement.lang).format(
        (visitors ?? []).map(({ name, since }) => sentence(part.dataset.each, { name, time: time(since) })),
      );
    });
  }
}

function fill(panel, name, change) {
  panel.querySelectorAll(`[data-fill="${name}"]`).forEach(change);
}

function sentence(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

function time(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
