/** A browser's first page has brought its styles along. The file that further pages name is fetched when all is done. */

addEventListener("load", () => {
  const { file } = document.querySelector("style[data-file]")?.dataset ?? {};
  if (file) fetch(file, { priority: "low" }).catch(() => {});
});
