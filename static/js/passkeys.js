/** Makes passkeys on the account's page, and signs in with one. Shown only where the browser can. */

import { toast } from "./toast.js";

const can = Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) && isSecureContext;

function show() {
  if (can) document.querySelectorAll("[data-passkeys]").forEach((part) => (part.hidden = false));
}

async function post(url, fields = {}) {
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.error.message, ...Object.values(said.error.fields ?? {})].join(" "));
  return said;
}

async function add({ passkeyAsk, passkeyAdd }) {
  const { options, ticket } = await post(passkeyAsk);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  const { said } = await post(passkeyAdd, { ticket, answer: JSON.stringify(made) });
  toast("success", said);
  document.body.dispatchEvent(new CustomEvent("live:passkeys"));
}

async function signIn({ passkeyAsk, passkeySignIn, next }) {
  const { options, ticket } = await post(passkeyAsk);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const signed = await navigator.credentials.get({ publicKey });
  const { to } = await post(passkeySignIn, { ticket, answer: JSON.stringify(signed), next });
  location.assign(to);
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-passkey-ask]");
  if (!button) return;
  button.disabled = true;
  try {
    await (button.dataset.passkeyAdd ? add : signIn)(button.dataset);
  } catch (error) {
    // Whoever closes the browser's dialog knows that they did.
    if (error.name !== "NotAllowedError") toast("danger", error.message);
  } finally {
    button.disabled = false;
  }
});
show();
