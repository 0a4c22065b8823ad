// Keeps one screen connected: asks for a fresh pass each time, backs off, and says what is the matter.

import RFB from "../../novnc/core/rfb.js";

const WAITS = [0.3, 1, 2, 4, 8, 8, 8]; // seconds before each further try; after the last a person decides
const STEADY_MILLISECONDS = 5000; // a connection that lasted so long starts the waits afresh

/**
 * States, told by the `state` event's detail {state, ...}: connecting {again}, connected, off, occupied {visitors},
 * signed-out, failed {reason}, gone.
 */
export class Connection extends EventTarget {
  rfb = null;
  running = false;
  #screen;
  #passUrl;
  #csrf;
  #tries = 0;
  #timer = 0;
  #attempt = 0;

  constructor(screen, passUrl, csrf) {
    super();
    this.#screen = screen;
    this.#passUrl = passUrl;
    this.#csrf = csrf;
  }

  /** The first word on whether the instance runs. */
  start(running) {
    this.running = running;
    if (!running) {
      this.#tell("off");
    } else if (globalThis.firstScreen) {
      this.#adopt(globalThis.firstScreen);
    } else {
      this.open("ask");
    }
  }

  /** The server's later word on whether the instance runs: connect when it begins to, rest when it ends. */
  follow(running) {
    if (running === this.running) {
      return;
    }
    this.running = running;
    if (running) {
      this.#tries = 0;
      this.open("again");
    } else {
      this.#forget();
      this.#tell("off");
    }
  }

  /** Connect now. How: ask (not if someone else is there), again (not if they came just now), share, take. */
  async open(how) {
    this.#forget();
    const attempt = this.#attempt;
    this.#tell("connecting", { again: how === "again" });
    let answer;
    try {
      answer = await this.#ask(how);
    } catch {
      if (attempt === this.#attempt) {
        this.#later("");
      }
      return;
    }
    const body = await answer.json().catch(() => ({}));
    if (attempt !== this.#attempt) {
      return;
    }
    if (answer.status === 401) {
      this.#tell("signed-out");
    } else if (answer.status === 404) {
      this.leave();
    } else if (body.visitors) {
      this.#tell("occupied", { visitors: body.visitors });
    } else if (answer.ok) {
      this.#connect(body.url, how !== "take");
    } else if (answer.status === 409 || answer.status >= 500) {
      this.#later(body.error?.message ?? "");
    } else {
      this.#tell("failed", { reason: body.error?.message ?? "" });
    }
  }

  #ask(how) {
    return fetch(this.#passUrl, {
      method: "POST",
      headers: { "X-CSRFToken": this.#csrf, Accept: "application/json" },
      body: new URLSearchParams({ how }),
    });
  }

  close() {
    this.#forget();
  }

  /** The instance was deleted. */
  leave() {
    this.#forget();
    this.#tell("gone");
  }

  /** Take the socket that the page itself has opened, and what has come since (console/first_screen.html). */
  #adopt({ socket, messages }) {
    this.#tell("connecting", { again: false });
    if (socket.readyState > WebSocket.OPEN) {
      this.#later("");
      return;
    }
    this.#show(new RFB(this.#screen, socket, { shared: true }));
    for (const data of messages) {
      socket.onmessage({ data });
    }
  }

  #connect(path, shared) {
    const address = new URL(path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.#show(new RFB(this.#screen, address.href, { shared }));
  }

  #show(rfb) {
    this.rfb = rfb;
    let connected = 0;
    rfb.addEventListener("connect", () => {
      connected = performance.now();
      this.#tell("connected");
    });
    rfb.addEventListener("securityfailure", ({ detail }) => this.#fail(rfb, detail.reason ?? ""));
    rfb.addEventListener("credentialsrequired", () => this.#fail(rfb, ""));
    rfb.addEventListener("disconnect", () => {
      if (this.rfb !== rfb) {
        return; // we closed it ourselves
      }
      this.rfb = null;
      if (connected && performance.now() - connected > STEADY_MILLISECONDS) {
        this.#tries = 0;
      }
      this.#later("");
    });
  }

  #fail(rfb, reason) {
    if (this.rfb === rfb) {
      this.#forget();
      this.#tell("failed", { reason });
    }
  }

  /** Try again after a while, unless the instance is off or it has been tried often enough. */
  #later(reason) {
    if (!this.running) {
      this.#tell("off");
    } else if (this.#tries >= WAITS.length) {
      this.#tries = 0;
      this.#tell("failed", { reason });
    } else {
      this.#tell("connecting", { again: true });
      this.#timer = setTimeout(() => this.open("again"), WAITS[this.#tries] * 1000);
      this.#tries += 1;
    }
  }

  #forget() {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    const rfb = this.rfb;
    this.rfb = null;
    rfb?.disconnect();
  }

  #tell(state, more = {}) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...more } }));
  }
}
