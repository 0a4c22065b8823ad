// Keyboard layouts: the strokes that write each character, as the server reads them from the distribution's.

const SPECIAL = [["\n", "Enter", 0xff0d], ["\t", "Tab", 0xff09]];
const layouts = new Map();

/** Resolves to the strokes of a layout by character, each a list of {code, keysym, shift, altgr}. */
export function layoutOf(address) {
  if (!layouts.has(address)) layouts.set(address, load(address).catch((error) => (layouts.delete(address), Promise.reject(error))));
  return layouts.get(address);
}

async function load(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error?.message ?? answer.statusText);
  const strokes = new Map(Object.entries(body.characters).map(([character, keys]) => [character, keys.map(stroke)]));
  for (const [character, code, keysym] of SPECIAL) strokes.set(character, [{ code, keysym, shift: false, altgr: false }]);
  return strokes;
}

function stroke([code, keysym, shift, altgr]) {
  return { code, keysym, shift, altgr };
}

/** Text as keys see it: one newline a line, no carriage returns. */
export function normalised(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC");
}

/** The characters of `text` for which there are no strokes, each once, in order. */
export function untypable(text, strokes) {
  return [...new Set(normalised(text))].filter((character) => !strokes.has(character));
}
