/** <button data-copy="text"> puts the text on the clipboard and says so. */

import { toast } from "./toast.js";

/** Put the text on the clipboard, and say so. */
export async function copy(text) {
  await write(text);
  toast("success", document.getElementById("copied-text").content.textContent);
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain HTTP browsers have no clipboard object; a selected field still can be copied.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  button.toggleAttribute("data-copied", true);
  setTimeout(() => button.removeAttribute("data-copied"), 1500);
});
