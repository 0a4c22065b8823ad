/** Keeps "5 min ago" true while the page stays open, in the server's own words. */

/** [[seconds below which it is said, seconds of its unit, sentence]] */
const SENTENCES = JSON.parse(document.getElementById("ago-sentences")?.textContent ?? "[]");

const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "long" });

function words(seconds) {
  const past = Math.max(0, Math.floor(seconds));
  const [, unit, sentence] = SENTENCES.find(([limit]) => limit === null || past < limit);
  return sentence.replace("%(n)s", Math.floor(past / unit));
}

/** Say how long ago the times of the page are. */
export function refreshAges() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = words((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
    time.title ||= format.format(new Date(time.dateTime));
  }
}

refreshAges();
setInterval(refreshAges, 10_000);
document.addEventListener("htmx:afterSettle", refreshAges);
