/**
 * A form is sent once: it waits for the answer, and meanwhile previews nothing.
 *
 * The form says so, not its button: the answer of a preview that was on its way renews the button.
 */

document.addEventListener("submit", (event) => {
  const { target: form } = event;
  if (!form.querySelector("[data-once]") || event.defaultPrevented) return;
  if (form.hasAttribute("aria-busy")) event.preventDefault();
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("form[aria-busy]")) event.preventDefault();
});
