/** The tab's title follows <… data-page-title="name">, which a region brings anew when the name changes. */

document.addEventListener("htmx:afterSettle", () => {
  const name = document.querySelector("[data-page-title]")?.dataset.pageTitle;
  if (name) document.title = `${name} · Meridian`;
});
