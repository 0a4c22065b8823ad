/**
 * What is typed in a form outlives the end of the session: a tab that is sent to the sign-in page keeps it, for the same
 * person and page. Passwords and files are not kept.
 */

const KEY = "draft";
const NOT_KEPT = new Set(["password", "file", "hidden", "submit", "button", "reset"]);
const here = location.pathname + location.search;
const { user } = document.body.dataset;

const forms = () => [...document.querySelectorAll("main form")];
const fields = (form) => [...form.elements].filter(({ name, type }) => name && !NOT_KEPT.has(type));

/** Keep what is typed now. It returns only after a sign-in in between. */
export function keepDraft() {
  const typed = forms().map((form) => fields(form).map(({ name, value, checked }) => ({ name, value, checked })));
  if (user) sessionStorage.setItem(KEY, JSON.stringify({ user, here, typed }));
}

function fill(form, typed) {
  const present = fields(form);
  for (const { name, value, checked } of typed) {
    const field = present.find((each) => each.name === name && (!isChoice(each) || each.value === value));
    // What is there already must not be sent again by a form that sends itself when it changes.
    if (!field || (isChoice(field) ? field.checked === checked : field.value === value)) continue;
    if (isChoice(field)) field.checked = checked;
    else field.value = value;
    // What reveals parts of the form, or previews it, hears of it as if it was typed.
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (!isChoice(field) || checked) field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function isChoice({ type }) {
  return type === "checkbox" || type === "radio";
}

function takeUp() {
  const draft = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!draft) return;
  if (!user) {
    // The sign-in page: the tab was thrown out.
    sessionStorage.setItem(KEY, JSON.stringify({ ...draft, out: true }));
    return;
  }
  sessionStorage.removeItem(KEY);
  if (!draft.out || draft.user !== user || draft.here !== here) return;
  forms().forEach((form, at) => fill(form, draft.typed[at] ?? []));
}

document.addEventListener("submit", ({ target }) => target.closest("main") && keepDraft(), { capture: true });
document.addEventListener("htmx:beforeOnLoad", ({ detail }) => detail.xhr.status === 401 && keepDraft());
addEventListener("load", takeUp);
