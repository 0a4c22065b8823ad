/** A browser's first visit has brought files along within the page. Those are fetched when all is done, for further pages. */

addEventListener("load", () => {
  for (const { dataset } of document.querySelectorAll("[data-brought]")) fetch(dataset.brought, { priority: "low" }).catch(() => {});
});
