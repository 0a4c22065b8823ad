// The serial console's page: xterm.js on the websocket of one instance.

import { Panels } from "./console/panels.js";
import { toolbar } from "./console/toolbar.js";
import { TypingLine } from "./console/typing-line.js";
import { copy } from "./copy.js";
import { save } from "./save.js";
import { toast } from "./toast.js";
import { FitAddon } from "../xterm-fit/lib/addon-fit.mjs";
import { Terminal } from "../xterm/lib/xterm.mjs";

const SIGNED_OUT = 4401;
const NOT_RUNNING = 4409;
const TAKEN_OVER = 4410;
const REFUSED = [4403, 4404];
const SILENCE = 1500; // milliseconds after which a terminal without a word gets an Enter, so that a prompt appears
const WAITS = [0.5, 1, 2, 4, 8, 8, 8]; // seconds before each further try; after the last a person decides

const root = document.querySelector("[data-console]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const panels = new Panels(root);
const focusToolbar = toolbar(part("toolbar"));

const fontFamily = getComputedStyle(root).getPropertyValue("--tblr-font-monospace") || "monospace";
const terminal = new Terminal({
  cursorBlink: true,
  fontFamily,
  fontSize: 14,
  lineHeight: 1.2, // or rows cut the underscores of some fonts
  scrollback: 5000,
  screenReaderMode: true,
  theme: { background: "#0b0d12", foreground: "#dfe5f0" },
});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(part("screen"));
new ResizeObserver(() => fit.fit()).observe(part("screen"));
// It measured the letters of another font if ours came later; another name of the same makes it measure anew.
document.fonts.load(`14px ${fontFamily}`).then(() => {
  terminal.options.fontFamily = `${fontFamily}, monospace`;
  fit.fit();
}).catch(() => {});

const pasted = part("pasted");
const line = new TypingLine(
  (bytes) => socket?.send(bytes),
  (done, total) => {
    pasted.hidden = done === total;
    pasted.max = total;
    pasted.value = done;
  },
);

let socket = null;
let tries = 0;
let timer = 0;
const running = () => part("state")?.dataset.running === "yes";

function connect(again) {
  clearTimeout(timer);
  panels.show({ state: "connecting", again });
  const address = new URL(part("state").dataset.serialPath, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = (socket = new WebSocket(address));
  mine.binaryType = "arraybuffer";
  mine.addEventListener("message", ({ data }) => {
    if (typeof data === "string") line.took(JSON.parse(data).typed);
    else terminal.write(new Uint8Array(data));
  });
  mine.addEventListener("open", () => {
    panels.show({ state: "connected" });
    terminal.focus();
    setTimeout(() => {
      if (socket === mine && !text()) line.type("\r");
    }, SILENCE);
  });
  mine.addEventListener("close", ({ code, reason }) => {
    if (socket === mine) {
      socket = null;
      if (line.clear() && !pasted.hidden) toast("danger", pasted.dataset.lost);
      pasted.hidden = true;
      lost(code, reason);
    }
  });
}

/** All that the terminal holds, or what is selected of it. */
function text() {
  if (terminal.hasSelection()) return terminal.getSelection();
  const { active } = terminal.buffer;
  let all = "";
  for (let at = 0; at < active.length; at += 1) {
    const row = active.getLine(at);
    all += (row.isWrapped || !at ? "" : "\n") + row.translateToString(true);
  }
  return all.trimEnd();
}

function lost(code, reason) {
  if (code === TAKEN_OVER) {
    panels.show({ state: "occupied", visitors: [{ name: reason, since: Date.now() }] });
  } else if (code === SIGNED_OUT) {
    panels.show({ state: "signed-out" });
  } else if (!running() || code === NOT_RUNNING) {
    panels.show({ state: "off" });
  } else if (REFUSED.includes(code) || tries >= WAITS.length) {
    tries = 0;
    panels.show({ state: "failed" });
  } else {
    panels.show({ state: "connecting", again: true });
    timer = setTimeout(() => connect(true), WAITS[tries] * 1000);
    tries += 1;
  }
}

function follow() {
  if (!part("state")) return;
  if (!running()) {
    clearTimeout(timer);
    socket?.close();
    socket = null;
    panels.show({ state: "off" });
  } else if (root.dataset.state === "off") {
    tries = 0;
    connect(true);
  }
}

terminal.onData((typed) => {
  tries = 0;
  if (socket?.readyState === WebSocket.OPEN) line.type(typed);
});

// Text without keys, as from an emoji panel: xterm.js leaves it out in the mode for screen readers.
let keyed = false;
for (const [kind, is] of [["keydown", true], ["keyup", false], ["focus", false]]) {
  terminal.textarea.addEventListener(kind, () => (keyed = is), { capture: true });
}
terminal.textarea.addEventListener("input", ({ data, inputType, isComposing }) => {
  if (!keyed && data && inputType === "insertText" && !isComposing) terminal.input(data);
});
terminal.attachCustomKeyEventHandler((event) => {
  const leaving = event.ctrlKey && event.altKey && event.shiftKey;
  if (leaving && event.type === "keydown") {
    focusToolbar();
  }
  return !leaving;
});
root.addEventListener("click", (event) => {
  const wanted = event.target.closest("[data-do], [data-tool]");
  if (["reconnect", "take"].includes(wanted?.dataset.do)) {
    connect(true);
  } else if (wanted?.dataset.do === "more") {
    wanted.setAttribute("aria-expanded", String(part("toolbar").classList.toggle("is-open")));
  } else if (wanted?.dataset.tool === "copy") {
    copy(text());
  } else if (wanted?.dataset.tool === "download") {
    save(wanted.dataset.file, `${text()}\n`);
  } else if (wanted?.dataset.tool === "fullscreen") {
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
  }
});
document.addEventListener("fullscreenchange", () => {
  root.querySelector('[data-tool="fullscreen"]').setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
});
document.body.addEventListener("htmx:afterSettle", follow);
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status !== 404 || detail.elt !== part("state")) return;
  clearTimeout(timer);
  socket?.close();
  socket = null;
  detail.elt.remove();
  panels.show({ state: "gone" });
});
window.addEventListener("pagehide", () => socket?.close());

if (running()) {
  connect(false);
} else {
  panels.show({ state: "off" });
}
