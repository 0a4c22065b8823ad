/** <button data-save="file name" data-save-from="id of a template"> saves that text as a file. */

export function save(file, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-save]");
  if (button) save(button.dataset.save, document.getElementById(button.dataset.saveFrom).content.textContent);
});
