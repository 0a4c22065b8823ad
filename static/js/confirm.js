/** One accessible dialog for every question before something is destroyed. */

import { failed } from "./toast.js";

const dialog = document.getElementById("ask");
const yes = dialog.querySelector("[value=yes]");
const name = dialog.querySelector(".ask-name");
const typed = name.querySelector("input");

/**
 * Ask; resolves to whether the person said yes. With `named`, that name has to be typed first.
 * @param {{title: string, text: string, yes: string, named?: string}} question
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  dialog.querySelector("#ask-title").textContent = question.title;
  dialog.querySelector("#ask-text").textContent = question.text;
  yes.textContent = question.yes;
  name.hidden = !question.named;
  name.querySelector("strong").textContent = question.named ?? "";
  typed.value = "";
  yes.disabled = Boolean(question.named);
  typed.oninput = () => (yes.disabled = typed.value.trim() !== question.named.trim());
  dialog.returnValue = "";
  // A menu that held the asking item is closed by now and cannot take the focus back; its button can.
  const asker = document.activeElement.closest(".dropdown-menu")?.previousElementSibling;
  dialog.showModal();
  if (question.named) typed.focus();
  return new Promise((resolve) => {
    const answer = () => {
      asker?.focus();
      resolve(dialog.returnValue === "yes");
    };
    dialog.addEventListener("close", answer, { once: true });
  });
}

// Enter in the name field means yes, once it fits; the first button of the form is Cancel.
typed.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (!yes.disabled) dialog.close("yes");
});

/** The question of an element; about many rows the server words it, which knows what will happen to each. */
async function asked(text, { dataset }) {
  const { title = document.title, yes: label = "OK", name: named, question } = dataset;
  if (!question) return { title, text, yes: label, named };
  // Those that stand on other pages are hidden inputs, and are asked about too.
  const selected = document.querySelectorAll("[data-bulk] input[name=ids]:is(:checked, [type=hidden])");
  const ids = [...selected].map(({ value }) => ["ids", value]);
  const answer = await fetch(`${question}?${new URLSearchParams(ids)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`no question: ${answer.status}`);
  return answer.json();
}

// Before anything else hears of it: a form that destroys is sent once its question was answered.
document.addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    const { confirm: text, title, yes: label, name: named } = form.dataset;
    if (!text || form.hasAttribute("data-confirmed")) return;
    event.preventDefault();
    event.stopPropagation();
    ask({ title, text, yes: label, named }).then((confirmed) => {
      if (!confirmed) return;
      form.setAttribute("data-confirmed", "");
      form.requestSubmit(submitter);
    });
  },
  true,
);

document.addEventListener("htmx:confirm", (event) => {
  const { question, issueRequest, elt } = event.detail;
  if (!question) return;
  event.preventDefault();
  asked(question, elt)
    .then(ask)
    .then((confirmed) => confirmed && issueRequest(true))
    .catch(failed);
});
