// The serial port and one conversation on it: bytes to and fro, time to the session, events to whoever listens.
import { Session } from "./link.js";

const BAUD = 9600;
const TICK_MS = 200;
const PERMISSION_EVERY_MS = 600_000;

export class Line {
  #port = null;
  #session = null;
  #writer = null;
  #permitted = -Infinity;

  // heard(event): LinkUp, LinkLost, Hello, SaleArrived, Verdict or Unplugged. due(line): called when something may be said.
  constructor(heard, due) {
    this.heard = heard;
    this.due = due;
    setInterval(() => this.#turn(new Uint8Array()), TICK_MS);
  }

  async open(port) {
    await port.open({ baudRate: BAUD });
    this.#port = port;
    this.#session = new Session();
    this.#permitted = -Infinity;
    this.#writer = port.writable.getWriter();
    this.#read(port);
  }

  get isOpen() {
    return this.#port !== null;
  }

  may(frame) {
    return this.#session !== null && this.#session.may(frame);
  }

  say(frame, body) {
    this.#session.say(frame, body);
    this.#write();
  }

  async #read(port) {
    const reader = port.readable.getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        this.#turn(value);
      }
    } catch {
      // pulled out
    }
    reader.releaseLock();
    this.#unplugged();
  }

  #turn(bytes) {
    if (this.#session === null) return;
    const now = Math.floor(performance.now());
    for (const event of this.#session.receive(bytes, now)) {
      if (event.name === "Hello") this.#permitted = -Infinity;
      this.heard(event);
    }
    if (this.#session.may("P") && now - this.#permitted >= PERMISSION_EVERY_MS) {
      this.#session.say("P", String(Math.floor(Date.now() / 1000)));
      this.#permitted = now;
    }
    this.due(this);
    this.#write();
  }

  #write() {
    const out = this.#session?.outgoing() ?? [];
    if (out.length) this.#writer.write(out).catch(() => this.#unplugged());
  }

  #unplugged() {
    if (this.#port === null) return;
    this.#port.close().catch(() => {});
    this.#port = this.#session = this.#writer = null;
    this.heard({ name: "Unplugged" });
  }
}
