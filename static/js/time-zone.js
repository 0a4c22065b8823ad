/** Chooses the browser's own time zone in fields that nobody has filled in yet. */

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

function choose() {
  for (const select of document.querySelectorAll("select[data-time-zone]:not([data-chosen])")) {
    select.dataset.chosen = "";
    const known = [...select.options].some((option) => option.value === own);
    if (known && !select.form.querySelector("[data-focus]")) select.value = own;
  }
}

choose();
document.addEventListener("htmx:afterSettle", choose);
