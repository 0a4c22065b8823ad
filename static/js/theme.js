/** The theme changes at once and is kept with the user. */

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-theme-choice]");
  if (!button) return;
  const theme = button.dataset.themeChoice;
  document.documentElement.dataset.bsTheme = theme;
  document.querySelectorAll("[data-theme-choice]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  document.dispatchEvent(new CustomEvent("meridian:theme", { detail: theme }));
  globalThis.htmx.ajax("POST", "/preferences/", { source: document.body, values: { theme }, swap: "none" });
});
