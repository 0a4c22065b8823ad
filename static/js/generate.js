/** Has a key pair made, saves the private half as a file, and chooses the new key where one is chosen. */

import { save } from "./save.js";
import { toast } from "./toast.js";

function choose(name) {
  const list = document.getElementById("id_keypair_name");
  if (!list) return;
  list.querySelector("option[value='']")?.remove();
  list.append(new Option(name, name, true, true));
  document.querySelector("input[name=key_from][value=saved]").checked = true;
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-generate]");
  if (!button) return;
  const field = document.getElementById(button.dataset.generateFrom);
  const name = field ? field.value : button.dataset.generateName;
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.generate, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams({ name }),
    });
    const made = await answer.json();
    if (!answer.ok) {
      const texts = [...new Set([made.error.message, ...Object.values(made.error.fields ?? {})])];
      toast("danger", texts.join(" "));
      field?.focus();
      return;
    }
    save(made.file, made.private_key);
    toast("success", made.said);
    choose(made.name);
    if (field) field.value = "";
    document.body.dispatchEvent(new CustomEvent("live:keypairs"));
  } finally {
    button.disabled = false;
  }
});
