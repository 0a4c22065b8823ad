// The console's page: joins the connection, the panels and the tools to the markup of console/screen.html.

import { Connection } from "./console/connection.js";
import { StickyModifiers, combination, releaseModifiers } from "./console/keys.js";
import { Panels } from "./console/panels.js";
import { pasteDialog } from "./console/paste.js";
import { toolbar } from "./console/toolbar.js";
import { touchKeyboard } from "./console/touch.js";

const FIT_KEY = "meridian.console.fit";

const root = document.querySelector("[data-console]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const tool = (name) => root.querySelector(`[data-tool="${name}"]`);
const csrf = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"];

const panels = new Panels(root);
const connection = new Connection(part("screen"), root.dataset.passUrl, csrf);
const rfb = () => (root.dataset.state === "connected" ? connection.rfb : null);
const modifiers = new StickyModifiers(root.querySelectorAll("[data-modifier]"), rfb);
const focusToolbar = toolbar(part("toolbar"));
const paste = pasteDialog(part("paste"), rfb, csrf);
const showKeyboard = touchKeyboard(part("keyboard"), rfb, paste.address);

let fit = localStorage.getItem(FIT_KEY) !== "no";
let viewOnly = false;

connection.addEventListener("state", ({ detail }) => {
  const regained = root.contains(document.activeElement) || document.activeElement === document.body;
  panels.show(detail);
  const connected = detail.state === "connected";
  root.querySelectorAll("[data-needs-screen]").forEach((button) => (button.disabled = !connected));
  if (connected) {
    arrange();
    if (regained && !viewOnly) {
      connection.rfb.focus();
    }
  } else {
    modifiers.forget();
  }
});

/** Put the present choices on the present connection. */
function arrange() {
  const screen = connection.rfb;
  if (screen) {
    screen.background = "transparent";
    screen.scaleViewport = fit;
    screen.viewOnly = viewOnly;
    screen.showDotCursor = true;
  }
  tool("fit").setAttribute("aria-pressed", String(fit));
  tool("lock").setAttribute("aria-pressed", String(viewOnly));
  root.classList.toggle("is-actual-size", !fit);
  root.querySelectorAll("[data-types]").forEach((button) => (button.disabled = !rfb() || viewOnly));
  root.querySelectorAll("[data-hint]").forEach((hint) => (hint.hidden = (hint.dataset.hint === "view") !== viewOnly));
}

/** Who works by keyboard alone must be able to leave the guest, which takes every key. */
function leave() {
  if (rfb()) {
    releaseModifiers(connection.rfb);
    connection.rfb.viewOnly = true; // noVNC forgets what it believes to be held
    connection.rfb.viewOnly = viewOnly;
  }
  focusToolbar();
}

part("screen").addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey && event.altKey && event.shiftKey && /^(Control|Alt|Shift)/.test(event.code)) {
      event.preventDefault();
      event.stopPropagation();
      leave();
    }
  },
  true,
);

const actions = {
  fit: () => {
    fit = !fit;
    localStorage.setItem(FIT_KEY, fit ? "yes" : "no");
    arrange();
  },
  lock: () => {
    viewOnly = !viewOnly;
    arrange();
  },
  fullscreen: async () => {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    await root.requestFullscreen();
    // Lets Alt-Tab, the Windows key and Escape through to the guest, where the browser can.
    await navigator.keyboard?.lock?.();
    rfb()?.focus();
  },
  screenshot: () => {
    rfb()?.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${root.dataset.name} ${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
  },
  paste: paste.open,
  keyboard: showKeyboard,
  more: (button) => {
    const open = part("toolbar").classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(open));
  },
  share: () => connection.open("share"),
  take: () => connection.open("take"),
  reconnect: () => connection.open("again"),
};

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tool], [data-do], [data-keys]");
  if (!button || button.disabled) {
    return;
  }
  if (button.dataset.keys && rfb()) {
    combination(connection.rfb, button.dataset.keys.split(" "));
    connection.rfb.focus();
  }
  actions[button.dataset.do ?? button.dataset.tool]?.(button);
});

document.addEventListener("fullscreenchange", () => {
  tool("fullscreen").setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
});

/** The state region is rendered by the server and morphed when something happened. */
const running = () => part("state")?.dataset.running === "yes";

document.body.addEventListener("htmx:afterSettle", () => part("state") && connection.follow(running()));
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status !== 404 || detail.elt !== part("state")) return;
  connection.leave();
  detail.elt.remove();
});
window.addEventListener("pagehide", () => connection.close());

arrange();
connection.start(running());
