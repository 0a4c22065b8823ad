/** After a refused form, begin where it says why. */

document.querySelector("[data-focus]")?.focus();
