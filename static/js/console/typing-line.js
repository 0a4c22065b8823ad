/**
 * What is typed goes to the host in parts. Of a long text, as when pasted, the next part waits until the host says that
 * the guest has taken the one before.
 */

const PART = 1024; // bytes

export class TypingLine {
  #waiting = [];
  #sent = 0;
  #taken = 0;
  #send;
  #progress;

  /**
   * @param {(bytes: Uint8Array) => void} send
   * @param {(done: number, total: number) => void} progress in bytes, for long texts only
   */
  constructor(send, progress) {
    this.#send = send;
    this.#progress = progress;
  }

  /** @param {string} text */
  type(text) {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += PART) this.#waiting.push(bytes.subarray(at, at + PART));
    this.#go();
  }

  /** The host has typed so many bytes into the guest. */
  took(count) {
    this.#taken += count;
    this.#go();
    const left = this.#waiting.reduce((sum, part) => sum + part.length, 0);
    const total = this.#sent + left;
    if (total > PART) this.#progress(this.#taken, total);
    if (this.#taken === total) this.#sent = this.#taken = 0;
  }

  /** Forget what was not sent, as after the connection has ended. Returns how many bytes these were. */
  clear() {
    const lost = this.#waiting.reduce((sum, part) => sum + part.length, 0) + this.#sent - this.#taken;
    this.#waiting = [];
    this.#sent = this.#taken = 0;
    return lost;
  }

  #go() {
    while (this.#waiting.length && this.#sent - this.#taken < PART) {
      const part = this.#waiting.shift();
      this.#sent += part.length;
      this.#send(part);
    }
  }
}
