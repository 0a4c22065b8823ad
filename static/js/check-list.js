/** A field above a long list of boxes narrows it. What is ticked stays in sight. */

document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-check-filter]")) return;
  const wanted = target.value.trim().toLocaleLowerCase();
  for (const option of target.closest(".check-list").querySelectorAll(".check-list-option")) {
    option.hidden = !option.textContent.toLocaleLowerCase().includes(wanted) && !option.querySelector(":checked");
  }
});

// Enter searches; it does not send the form that the list belongs to.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-check-filter]")) event.preventDefault();
});
