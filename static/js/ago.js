/** Keeps "5m ago" true while the page stays open, in the page's language. */

const UNITS = [["second", 60], ["minute", 60], ["hour", 24], ["day", Infinity]];
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow" });

function words(seconds) {
  let value = Math.max(0, seconds);
  for (const [unit, size] of UNITS) {
    if (value < size) return format.format(-Math.floor(value), unit);
    value /= size;
  }
}

function refresh() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = words((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

refresh();
setInterval(refresh, 10_000);
document.addEventListener("htmx:afterSettle", refresh);
