// The screen behind an address that the API gave out: connects once with the pass in the query's `path`.

import RFB from "../novnc/core/rfb.js";

const view = document.querySelector("[data-remote-console]");
const path = new URLSearchParams(location.search).get("path") ?? "";

// The pass is used up by connecting; the history need not keep it.
history.replaceState(null, "", location.pathname);
if (/^console\/[\w-]+\/\?token=[\w-]+$/.test(path)) {
  connect();
} else {
  show("ended");
}

function connect() {
  const address = new URL(`/${path}`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const rfb = new RFB(view.querySelector("[data-part=screen]"), address.href, { shared: true });
  rfb.scaleViewport = true;
  rfb.addEventListener("connect", () => {
    show("connected");
    rfb.focus();
  });
  rfb.addEventListener("disconnect", () => show("ended"));
}

function show(state) {
  view.dataset.state = state;
  for (const panel of view.querySelectorAll("[data-for]")) {
    panel.hidden = panel.dataset.for !== state;
  }
}
