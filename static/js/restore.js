/** What the browser fills in again, as after Back, is shown, and previewed as if it was typed. */

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[hx-trigger*=change]")) {
    const filled = [...form.elements].filter(isFilled);
    for (const field of filled) field.closest("details")?.setAttribute("open", "");
    if (filled.length) form.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

function isFilled(field) {
  if (field.type === "hidden") return false;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}
