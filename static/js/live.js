/**
 * The live connection: hears which topics changed and tells the page's regions, which ask for themselves again.
 * After a break it tries again by itself, and then everything is asked again.
 */

import { keepDraft } from "./drafts.js";

const GATHER = 200; // ms: one change is told at once, those that follow closely are one question
const SLOWEST = 15_000;
const SIGNED_OUT = 4401;

const topics = new Set();
let gathering;
let toldAt = -GATHER;
let delay = 500;
let broke = false;
let signsOut = false;

function tell() {
  gathering = undefined;
  toldAt = performance.now();
  // "refresh" makes every region ask, so other topics would only make them ask twice.
  const told = topics.has("refresh") ? ["refresh"] : [...topics];
  topics.clear();
  for (const topic of told) document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
}

function hear(changed) {
  changed.forEach((topic) => topics.add(topic));
  if (topics.size) gathering ??= setTimeout(tell, Math.max(0, toldAt + GATHER - performance.now()));
}

function connect() {
  const address = new URL("/ws/live/", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  // What changed since the page was asked for, it may not show.
  address.searchParams.set("since", document.body.dataset.live);
  const socket = new WebSocket(address);
  socket.addEventListener("message", ({ data }) => {
    if (broke) hear(["refresh"]);
    broke = false;
    delay = 500;
    show(true);
    hear(JSON.parse(data).topics);
  });
  socket.addEventListener("close", ({ code }) => {
    if (code === SIGNED_OUT) {
      // Whoever signs out on this very page is led on by the answer to that.
      if (!signsOut) {
        keepDraft();
        location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
      }
      return;
    }
    broke = true;
    if (delay > 1000) show(false);
    setTimeout(connect, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 2, SLOWEST);
  });
  addEventListener("pagehide", () => socket.close(), { once: true });
}

function show(connected) {
  const banner = document.getElementById("offline");
  if (banner) banner.hidden = connected;
}

/** What a region showed was deleted: it asks no more, and the page says so once. */
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status !== 404 || !isLive(detail.elt)) return;
  detail.elt.dataset.gone = "";
  document.getElementById("gone").hidden = false;
});
document.addEventListener("htmx:beforeRequest", (event) => event.target.matches("[data-gone]") && event.preventDefault());

function isLive(element) {
  return element.matches("[hx-trigger*='live:']");
}

if (document.body.hasAttribute("data-live")) {
  connect();
  addEventListener("submit", ({ target }) => (signsOut ||= target.getAttribute("action") === "/sign-out/"));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
