/**
 * <img data-screen="url"> shows an instance's screen, and a newer picture every few seconds while somebody looks. If none
 * comes, the old one stays and [data-screen-age] says how old it is.
 */

import { refreshAges } from "./ago.js";

const EVERY = 5000;
const SOON = 1000; // while there is none yet, such as just before the guest draws its first one
const TRIES = 20; // then it is no matter of seconds

let timer;
let failures = 0;
let asks = false;
let takenAt;

function tell(image) {
  const age = document.querySelector("[data-screen-age]");
  if (!age) return;
  age.hidden = failures === 0 || image.hidden;
  if (age.hidden) return;
  const time = age.querySelector("time");
  time.dateTime = takenAt.toISOString();
  time.title = "";
  refreshAges();
}

async function refresh() {
  const image = document.querySelector("img[data-screen]");
  if (asks) return;
  if (image && !document.hidden) {
    const picture = new Image();
    picture.src = `${image.dataset.screen}?${Date.now()}`;
    asks = true;
    try {
      await picture.decode();
      image.src = picture.src;
      image.hidden = false;
      failures = 0;
      takenAt = new Date();
    } catch {
      failures += 1;
    }
    asks = false;
    tell(image);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, image?.hidden && failures < TRIES ? SOON : EVERY);
}

refresh();
document.addEventListener("visibilitychange", refresh);
document.addEventListener("htmx:afterSettle", () => document.querySelector("img[data-screen][hidden]") && refresh());
