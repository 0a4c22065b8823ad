/** A form is sent once: its button waits for the answer, and meanwhile the form previews nothing. */

document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-once]");
  if (!button || event.defaultPrevented) return;
  if (button.hasAttribute("aria-busy")) event.preventDefault();
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("[aria-busy][data-once]").forEach((button) => button.removeAttribute("aria-busy")));
document.addEventListener("htmx:beforeRequest", (event) => {
  const isSent = event.target.matches("form") && event.target.querySelector("[data-once][aria-busy]");
  if (isSent && event.detail.requestConfig.verb === "get") event.preventDefault();
});
