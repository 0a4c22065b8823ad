/**
 * Uploads an image by the tus protocol: in pieces, so that it goes on after a lost line, a reload, or from another browser.
 */

import { Upload } from "tus-js-client";

const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 20_000, 20_000];
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

const form = document.querySelector("[data-upload]");
const file = form.querySelector("[type=file]");
const part = (name) => form.querySelector(`[data-upload-${name}]`);
const text = (name) => form.querySelector(`[data-upload-text=${name}]`).content.textContent;

let upload = null;
let began = { at: 0, bytes: 0 };

function bytes(count) {
  const power = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), UNITS.length - 1);
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: power > 2 ? 1 : 0 });
  return `${number.format(count / 1024 ** power)} ${UNITS[power]}`;
}

function duration(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(count));
}

/** Say what is wrong: at the fields that the server names, else above the form. */
function refuse(message, fields = {}) {
  for (const old of form.querySelectorAll(".errorlist")) old.remove();
  const rest = [];
  for (const [name, sentence] of Object.entries(fields)) {
    const field = form.querySelector(`[data-field="${name}"]`);
    if (!field) rest.push(sentence);
    else field.insertAdjacentHTML("beforeend", '<ul class="errorlist"><li></li></ul>');
    if (!field) continue;
    field.querySelector(".errorlist li").textContent = sentence;
    field.closest("details")?.setAttribute("open", "");
  }
  const above = rest.length ? rest.join(" ") : Object.keys(fields).length ? "" : message;
  part("error").hidden = !above;
  part("sentence").textContent = above;
  (above ? part("error") : form.querySelector(".errorlist"))?.scrollIntoView({ block: "center" });
}

function show(state) {
  const isOpen = state !== "idle";
  part("progress").hidden = !isOpen;
  // What is just being made cannot be broken off yet: nobody would know its address.
  part("cancel").hidden = !isOpen || state === "beginning";
  part("start").hidden = part("back").hidden = isOpen;
  part("pause").hidden = !["sending", "waiting"].includes(state);
  part("continue").hidden = state !== "paused";
  for (const line of form.querySelectorAll("[data-upload-state]")) line.hidden = line.dataset.uploadState !== state;
  for (const field of form.querySelectorAll("[data-field] :is(input, select, textarea)")) field.disabled = isOpen;
}

function move(sent, total) {
  const percent = (100 * sent) / total;
  part("progress").querySelector("progress").value = percent;
  part("percent").textContent = `${Math.floor(percent)} % · ${bytes(sent)} / ${bytes(total)}`;
  const seconds = (Date.now() - began.at) / 1000;
  if (!began.at || sent < began.bytes) began = { at: Date.now(), bytes: sent };
  else if (seconds > 1 && sent > began.bytes) {
    const speed = (sent - began.bytes) / seconds;
    part("speed").textContent = text("speed").replace("SPEED", bytes(speed)).replace("REST", duration((total - sent) / speed));
  }
}

function explain(error) {
  const answer = error.originalResponse;
  if (!answer?.getStatus()) return refuse(text("failed"));
  try {
    const said = JSON.parse(answer.getBody()).error;
    refuse(said.message, said.fields);
  } catch {
    refuse(text("failed"));
  }
}

function metadata() {
  if (form.dataset.image) return { image: form.dataset.image };
  const fields = new FormData(form);
  return Object.fromEntries([...fields].filter(([name, value]) => name && typeof value === "string" && value !== ""));
}

async function begin() {
  const chosen = file.files[0];
  if (!chosen) return refuse("", { file: text("no-file") });
  const { length, address, pieceBytes } = form.dataset;
  if (length && chosen.size !== Number(length)) {
    return refuse("", { file: text("other-file").replace("SIZE", chosen.size).replace("LENGTH", length) });
  }
  refuse("");
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  upload = new Upload(chosen, {
    endpoint: form.dataset.upload,
    uploadUrl: address,
    chunkSize: Number(pieceBytes),
    retryDelays: RETRY_MS,
    headers: { "X-CSRFToken": token, Accept: "application/json" },
    metadata: metadata(),
    removeFingerprintOnSuccess: true,
    onProgress: move,
    onSuccess: leave,
    onError(error) {
      show("paused");
      if (!upload.url) show("idle");
      explain(error);
    },
    onUploadUrlAvailable: () => show("sending"),
    onAfterResponse: () => upload.url && show("sending"),
    onShouldRetry(error, _attempt, { retryDelays }) {
      const status = error.originalResponse?.getStatus() ?? 0;
      const passes = status === 0 || status === 409 || status >= 500;
      if (passes && retryDelays.length) show("waiting");
      return passes;
    },
  });
  const earlier = address ? [] : await upload.findPreviousUploads();
  if (earlier.length) upload.resumeFromPreviousUpload(earlier.at(-1));
  go();
}

function go() {
  began = { at: 0, bytes: 0 };
  part("speed").textContent = "";
  refuse("");
  show(upload.url ? "sending" : "beginning");
  upload.start();
}

function leave() {
  upload = null;
  location.assign(form.dataset.images);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
file.addEventListener("change", () => {
  const name = form.querySelector("[name=name]");
  if (file.files[0] && name && (!name.value || name.value === name.dataset.told)) {
    name.value = name.dataset.told = file.files[0].name.replace(/(\.(qcow2|img|raw|iso|vmdk|vdi|vhdx?|ova|gz|xz|bz2|zst))+$/i, "");
  }
});
part("pause").addEventListener("click", async () => {
  await upload.abort();
  show("paused");
});
part("continue").addEventListener("click", go);
part("cancel").addEventListener("click", async () => {
  const { url } = upload;
  await upload.abort(Boolean(url));
  leave();
});
// A line that is back need not wait for the next attempt.
addEventListener("online", async () => {
  if (!upload || part("pause").hidden) return;
  await upload.abort();
  go();
});
addEventListener("beforeunload", (event) => {
  if (upload && !part("pause").hidden) event.preventDefault();
});

const drop = part("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.toggleAttribute("data-over", true);
  });
}
drop.addEventListener("dragleave", () => drop.removeAttribute("data-over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.removeAttribute("data-over");
  if (!event.dataTransfer.files.length) return;
  file.files = event.dataTransfer.files;
  file.dispatchEvent(new Event("change"));
});
