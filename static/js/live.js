/**
 * The live connection: hears which topics changed and tells the page's regions, which ask for themselves again.
 * After a break it tries again by itself, and then everything is asked again; so is a question that was lost.
 */

import { keepDraft } from "./drafts.js";
import { failed, isLive } from "./toast.js";

const GATHER = 200; // ms: one change is told at once, those that follow closely are one question
const SLOWEST = 15_000;
const SILENT = 60_000; // ms: the server says something every 25 seconds, so a connection that is silent for long is dead
const PATIENT = 3; // lost questions in a row, before it is said
const SIGNED_OUT = 4401;

const topics = new Set();
let socket;
let silence;
let again;
let lost = 0;
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
  const mine = (socket = new WebSocket(address));
  listen();
  mine.addEventListener("message", ({ data }) => {
    if (socket !== mine) return;
    listen();
    if (broke) hear(["refresh"]);
    broke = false;
    delay = 500;
    show(true);
    hear(JSON.parse(data).topics);
  });
  mine.addEventListener("close", ({ code }) => {
    if (socket !== mine) return;
    if (code === SIGNED_OUT) {
      clearTimeout(silence);
      // Whoever signs out on this very page is led on by the answer to that.
      if (!signsOut) {
        keepDraft();
        location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
      }
      return;
    }
    broke = true;
    if (delay > 1000) show(false);
    again = setTimeout(connect, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 2, SLOWEST);
  });
}

function listen() {
  clearTimeout(silence);
  silence = setTimeout(renew, SILENT);
}

/** Connect anew without waiting for the end of the old connection, of which nobody may ever hear. */
function renew() {
  const old = socket;
  socket = undefined;
  old?.close();
  clearTimeout(again);
  broke = true;
  connect();
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

/** A region whose question was lost asks again, ever more seldom; until then it shows what was. */
function askAgain({ detail }) {
  if (!isLive(detail.elt) || (detail.xhr.status && detail.xhr.status < 500)) return;
  lost += 1;
  if (lost === PATIENT) failed();
  setTimeout(() => hear(["refresh"]), Math.min(500 * 2 ** lost, SLOWEST));
}
document.addEventListener("htmx:sendError", askAgain);
document.addEventListener("htmx:responseError", askAgain);
document.addEventListener("htmx:afterOnLoad", ({ detail }) => isLive(detail.elt) && (lost = 0));
document.addEventListener("htmx:beforeRequest", (event) => event.target.matches("[data-gone]") && event.preventDefault());

if (document.body.hasAttribute("data-live")) {
  connect();
  addEventListener("online", renew);
  addEventListener("offline", () => show(false));
  addEventListener("pagehide", () => socket?.close(), { once: true });
  addEventListener("submit", ({ target }) => (signsOut ||= target.getAttribute("action") === "/sign-out/"));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
