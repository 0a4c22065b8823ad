// One tab stop for the whole toolbar; arrow keys move inside it (WAI-ARIA toolbar pattern).

/** Makes `bar` a toolbar. Returns a function that puts the focus into it. */
export function toolbar(bar) {
  const buttons = () =>
    [...bar.querySelectorAll("[data-tool]")].filter((button) => !button.disabled && button.offsetParent !== null);
  const settle = (chosen) => {
    bar.querySelectorAll("[data-tool]").forEach((button) => (button.tabIndex = -1));
    (chosen ?? buttons()[0])?.setAttribute("tabindex", "0");
  };
  bar.addEventListener("keydown", (event) => {
    const all = buttons();
    const here = all.indexOf(document.activeElement);
    const there = {
      ArrowRight: (here + 1) % all.length,
      ArrowLeft: (here - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (here >= 0 && there !== undefined) {
      event.preventDefault();
      settle(all[there]);
      all[there].focus();
    }
  });
  bar.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-tool]")) {
      settle(event.target);
    }
  });
  settle();
  return () => (bar.querySelector('[data-tool][tabindex="0"]') ?? buttons()[0])?.focus();
}
