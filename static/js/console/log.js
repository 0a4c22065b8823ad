// Follows the serial log while it is looked at. No event tells when a guest writes a line, so it asks.

const EVERY_MILLISECONDS = 2000;
const AT_THE_END = 40; // pixels

const shown = document.querySelector("[data-log]");
const empty = document.querySelector("[data-log-empty]");
const follow = document.querySelector("[data-log-follow]");
let tag = `"${shown.dataset.tag}"`;

function toTheEnd() {
  if (follow.checked) {
    shown.scrollTop = shown.scrollHeight;
  }
}

async function refresh() {
  if (document.hidden) {
    return;
  }
  const answer = await fetch(shown.dataset.log, { headers: { "If-None-Match": tag }, cache: "no-store" }).catch(() => null);
  if (answer?.status === 200) {
    tag = answer.headers.get("ETag") ?? tag;
    const text = await answer.text();
    if (text.startsWith(shown.textContent)) {
      shown.append(text.slice(shown.textContent.length)); // keeps a selection alive
    } else {
      shown.textContent = text;
    }
    shown.hidden = !text;
    empty.hidden = Boolean(text);
    toTheEnd();
  }
}

shown.addEventListener("scroll", () => {
  follow.checked = shown.scrollTop + shown.clientHeight > shown.scrollHeight - AT_THE_END;
});
follow.addEventListener("change", toTheEnd);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, EVERY_MILLISECONDS);
toTheEnd();
