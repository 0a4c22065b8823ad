/** After a refused form, begin where it says why. */

(document.querySelector("[data-focus]") ?? document.querySelector("[aria-invalid=true]"))?.focus();
