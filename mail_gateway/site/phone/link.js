// The phone's end of the serial line: frames, stop and wait, the conversation's table. schemas/link/SPEC.md owns it.
const STX = 0x02;
const ETX = 0x03;
const BODY_MAX = 1200;
const BYTES_PER_S = 960;
const ACK_WAIT_MS = 2000;
const CALL_MS = 1000;
const SENDS_MAX = 5;
const WAITING_MAX = 8;
const OURS = "1 phone";
const THEIRS = "1 reader";

const BASE32 = /^[A-Z2-7]{1,1200}$/;
const CODE = /^[a-z0-9-]{1,16}$/;
const VERDICTS = ["genuine", "not-genuine", "unknown-sale"];

// frame: who says it, its name, its body's form
const MESSAGES = {
  H: ["reader", "Hello", /^[0-9A-F]{8} [ -~]{1,32}$/],
  S: ["reader", "SaleArrived", BASE32],
  V: ["reader", "Verdict", new RegExp(`^(${VERDICTS.join("|")})$`)],
  P: ["phone", "Permission", /^(0|[1-9][0-9]{0,9})$/],
  C: ["phone", "Stored", /^$/],
  G: ["phone", "SendAgain", CODE],
  R: ["phone", "ResultArrived", BASE32],
  W: ["phone", "ShowText", /^([ -[\]-~]|\\\\|\\n|\\x(5C|A[1-9A-F]|[BC][0-9A-F]|D[0-9A-F]))*$/],
};
const LANES = {
  sale: {
    silent: { H: "greeted" }, greeted: { P: "ready" }, ready: { P: "ready", S: "offered" },
    offered: { P: "offered", C: "ready", G: "ready" },
  },
  result: { silent: { H: "quiet" }, quiet: { W: "quiet", R: "told" }, told: { W: "told", V: "quiet" } },
};

function step(states, frame) {
  const after = { ...states };
  for (const [lane, rows] of Object.entries(LANES)) {
    if (Object.values(rows).some((row) => frame in row)) after[lane] = rows[states[lane]]?.[frame];
  }
  return Object.values(after).includes(undefined) ? null : after;
}

export function crc16(bytes) {
  let crc = 0xFFFF;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return crc ^ 0xFFFF;
}

function encode(type, sequence, body) {
  const content = new TextEncoder().encode(type + sequence + body);
  const check = new TextEncoder().encode(crc16(content).toString(16).toUpperCase().padStart(4, "0"));
  return Uint8Array.of(STX, ...content, ETX, ...check);
}

// Bytes in any portions -> frames {type, sequence, body}, or null for something damaged.
export class Decoder {
  #content = null;
  #check = "";
  #closed = false;

  feed(bytes) {
    return [...bytes].flatMap((byte) => this.#step(byte));
  }

  #step(byte) {
    if (byte === STX) {
      const cut = this.#content ? [null] : [];
      this.#begin();
      return cut;
    }
    if (!this.#content) return [];
    return this.#closed ? this.#checking(byte) : this.#inside(byte);
  }

  #begin() {
    this.#content = [];
    this.#check = "";
    this.#closed = false;
  }

  #damaged() {
    this.#content = null;
    return [null];
  }

  #inside(byte) {
    const place = this.#content.length;
    if (place === 0 && !(byte >= 0x41 && byte <= 0x5A)) return this.#damaged();
    if (place === 1 && !(byte >= 0x30 && byte <= 0x39)) return this.#damaged();
    if (byte === ETX) {
      this.#closed = true;
      return [];
    }
    if (byte < 0x20 || byte > 0x7E || place === BODY_MAX + 2) return this.#damaged();
    this.#content.push(byte);
    return [];
  }

  #checking(byte) {
    const letter = String.fromCharCode(byte);
    if (!"0123456789ABCDEF".includes(letter)) return this.#damaged();
    this.#check += letter;
    if (this.#check.length < 4) return [];
    if (parseInt(this.#check, 16) !== crc16(this.#content)) return this.#damaged();
    const text = String.fromCharCode(...this.#content);
    this.#content = null;
    return [{ type: text[0], sequence: Number(text[1]), body: text.slice(2) }];
  }
}

// One conversation. receive and tick give events {name, body}; outgoing gives the bytes to write.
export class Session {
  deadline = null;
  #decoder = new Decoder();
  #out = [];
  #now = 0;
  #nakSent = false;

  constructor() {
    this.#start(false);
    this.#call();
  }

  may(frame) {
    return MESSAGES[frame][0] === "phone" && step(this.states, frame) !== null;
  }

  // frame: P with the unix time, C, G with a code, R with bare armour, W with escaped text. Throws where the table has no place for it.
  say(frame, body = "") {
    if (!this.may(frame)) throw new Error("link-order");
    if (this.#waiting.length === WAITING_MAX) throw new Error("link-full");
    if (!MESSAGES[frame][2].test(body)) throw new Error("link-body");
    this.#waiting.push([frame, body]);
    this.states = step(this.states, frame);
    this.#sendNext();
  }

  outgoing() {
    const out = Uint8Array.from(this.#out);
    this.#out = [];
    return out;
  }

  receive(bytes, now) {
    this.#now = now;
    let told = [];
    for (const frame of this.#decoder.feed(bytes)) {
      if (frame === null) {
        this.#complain();
      } else {
        this.#nakSent = false;
        told = this.#take(frame, told);
      }
    }
    const later = this.tick(now);
    return later.length ? later : told;
  }

  tick(now) {
    this.#now = now;
    if (!this.#sent) return [];
    if (this.#clock === null) this.#clock = now;
    else if (now >= this.deadline) return this.#resend();
    const wait = this.#up ? ACK_WAIT_MS : CALL_MS;
    this.deadline = this.#clock + wait + Math.floor((this.#sent.length * 1000) / BYTES_PER_S);
    return [];
  }

  #up; #waiting; #sent; #sentSequence; #sends; #clock; #sequence; #heard;

  #start(up) {
    this.#up = up;
    this.states = { sale: "silent", result: "silent" };
    this.#waiting = [];
    this.#sent = null;
    this.#sentSequence = this.#sends = 0;
    this.#clock = this.deadline = null;
    this.#sequence = 1;
    this.#heard = 0;
  }

  #call() {
    this.#send("E", 0, OURS);
  }

  #lose() {
    this.#start(false);
    this.#call();
    return [{ name: "LinkLost" }];
  }

  #sendNext() {
    if (this.#sent || !this.#waiting.length) return;
    const [frame, body] = this.#waiting.shift();
    this.#send(frame, this.#sequence, body);
    this.#sequence = (this.#sequence % 9) + 1;
  }

  #send(type, sequence, body) {
    this.#sent = encode(type, sequence, body);
    this.#sentSequence = sequence;
    this.#sends = 0;
    this.#transmit();
  }

  #transmit() {
    this.#out.push(...this.#sent);
    this.#sends += 1;
    this.#clock = null;
    this.deadline = this.#now;
  }

  #resend() {
    if (this.#up && this.#sends >= SENDS_MAX) return this.#lose();
    this.#transmit();
    return this.tick(this.#now);
  }

  #complain() {
    if (this.#nakSent) return;
    this.#nakSent = true;
    this.#out.push(...encode("N", 0, ""));
  }

  #take(frame, told) {
    if (frame.type === "E") return this.#takeCall(frame, told);
    if (frame.type === "A") return this.#takeAck(frame, told);
    if (frame.type === "N") return this.#sent ? orElse(this.#resend(), told) : told;
    return this.#up ? this.#takeMessage(frame, told) : told;
  }

  #takeCall(frame, told) {
    if (frame.body !== THEIRS) return told;
    this.#start(true);
    this.#out.push(...encode("A", frame.sequence, ""));
    return [{ name: "LinkUp" }];
  }

  #takeAck(frame, told) {
    if (!this.#sent || frame.sequence !== this.#sentSequence) return told;
    this.#sent = null;
    this.deadline = null;
    let after = told;
    if (!this.#up) {
      this.#start(true);
      after = [{ name: "LinkUp" }];
    }
    this.#sendNext();
    return after;
  }

  #takeMessage(frame, told) {
    let after = told;
    if (frame.sequence !== this.#heard || frame.sequence === 0) {
      const [sender, name, form] = MESSAGES[frame.type] ?? [];
      const inTurn = frame.sequence === (this.#heard % 9) + 1 && step(this.states, frame.type);
      if (sender !== "reader" || !inTurn || !form.test(frame.body)) return this.#lose();
      this.#heard = frame.sequence;
      this.states = step(this.states, frame.type);
      after = [...told, { name, body: frame.body }];
    }
    this.#out.push(...encode("A", frame.sequence, ""));
    return after;
  }
}

function orElse(events, others) {
  return events.length ? events : others;
}
