// A deal's bytes, read and checked, and the answer to it. schemas/deal/SPEC.md owns both; the browser's own WebCrypto computes.
const SUITE = "OCRA-1:HOTP-SHA256-8:QH64-PSHA256-T1M";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HIDDEN = /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\u{E0000}-\u{E00FF}\u{E01F0}-\u{E0FFF}]/u;
const SUM_MAX = 999999999999;
const [UINT, TEXT, ARRAY, MAP] = [0, 3, 4, 5];

// ISO 4217: number -> letters, digits of the minor unit.
export const CURRENCIES = {
  36: ["AUD", 2], 48: ["BHD", 3], 124: ["CAD", 2], 156: ["CNY", 2], 344: ["HKD", 2], 356: ["INR", 2], 360: ["IDR", 2],
  392: ["JPY", 0], 410: ["KRW", 0], 414: ["KWD", 3], 458: ["MYR", 2], 554: ["NZD", 2], 608: ["PHP", 2], 702: ["SGD", 2],
  704: ["VND", 0], 756: ["CHF", 2], 764: ["THB", 2], 826: ["GBP", 2], 840: ["USD", 2], 901: ["TWD", 2], 978: ["EUR", 2],
};

export class DealError extends Error {}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  // The argument of the next head, which must be of that major type and in its shortest form.
  head(major) {
    const first = this.take(1)[0];
    const info = first & 31;
    if (first >> 5 !== major || info > 27) throw new DealError("type");
    if (info < 24) return info;
    const size = 1 << (info - 24);
    const value = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < (size === 1 ? 24 : 256 ** (size / 2)) || value > Number.MAX_SAFE_INTEGER) throw new DealError("number");
    return value;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new DealError("end");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  number(low, high) {
    const value = this.head(UINT);
    if (value < low || value > high) throw new DealError("range");
    return value;
  }

  text(low, high) {
    const raw = this.take(this.head(TEXT));
    let value;
    try {
      value = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    } catch {
      throw new DealError("utf-8");
    }
    const length = [...value].length;
    if (length < low || length > high || HIDDEN.test(value)) throw new DealError("text");
    return value;
  }

  key(expected) {
    this.number(expected, expected);
    return this;
  }

  line() {
    if (this.head(ARRAY) !== 4) throw new DealError("line");
    return { name: this.text(1, 200), model: this.text(0, 100), unitMinor: this.number(0, SUM_MAX), quantity: this.number(1, 9999) };
  }
}

// Bytes -> the deal. Throws DealError for whatever section 1 refuses.
export function readDeal(bytes) {
  const reader = new Reader(bytes);
  if (reader.head(MAP) !== 7) throw new DealError("map");
  reader.key(0).number(1, 1);
  const shop = reader.key(1).text(1, 100);
  const dealId = reader.key(2).text(1, 64);
  const timeS = reader.key(3).number(1, 4294967295);
  const currency = reader.key(4).number(1, 999);
  const totalMinor = reader.key(5).number(1, SUM_MAX);
  const count = reader.key(6).head(ARRAY);
  if (count < 1 || count > 200) throw new DealError("lines");
  const lines = Array.from({ length: count }, () => reader.line());
  if (reader.at !== bytes.length || !/^[!-~]+$/.test(dealId)) throw new DealError("end");
  const sum = lines.reduce((total, line) => total + BigInt(line.unitMinor) * BigInt(line.quantity), 0n);
  if (sum !== BigInt(totalMinor)) throw new DealError("total");
  return { shop, dealId, timeS, currency, totalMinor, lines };
}

// An amount as people read it.
export function shown(minor, currency, language) {
  const grouped = (text) => text.replace(/\B(?=(\d{3})+$)/g, ",");
  const known = CURRENCIES[currency];
  if (!known) return `${grouped(String(minor))} (${String(currency).padStart(3, "0")}, minor units)`;
  if (currency === 392 && language === "ja") return `${grouped(String(minor))}円`;
  const digits = String(minor).padStart(known[1] + 1, "0");
  const whole = digits.slice(0, digits.length - known[1]);
  return `${known[0]} ${grouped(whole)}${known[1] ? `.${digits.slice(-known[1])}` : ""}`;
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// A deal's bytes -> the 32 bytes that the answer is computed from.
export const question = sha256;

// A password -> its 32 bytes.
export const passwordHash = (password) => sha256(new TextEncoder().encode(password.normalize("NFKC")));

// 14 groups of four -> 32 bytes. Throws DealError for a slip of the pen.
export async function readKey(text) {
  const letters = text.toUpperCase().replace(/[\s-]/g, "");
  if (letters.length !== 56 || [...letters].some((letter) => !BASE32.includes(letter))) throw new DealError("key");
  const bits = [...letters].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const data = Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
  const check = await sha256(data.subarray(0, 32));
  if (data.subarray(32).some((byte, at) => byte !== check[at])) throw new DealError("key");
  return data.slice(0, 32);
}

// Key, password's hash and question of 32 bytes each, unix seconds / 60 -> eight digits.
export async function answer(key, hash, asked, minute) {
  const data = new Uint8Array(206);
  data.set(new TextEncoder().encode(SUITE));
  data.set(asked, 38);
  data.set(hash, 166);
  new DataView(data.buffer).setBigUint64(198, BigInt(minute));
  const hmac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, data));
  const number = new DataView(mac.buffer).getUint32(mac[31] & 15) & 0x7fffffff;
  return String(number % 10 ** 8).padStart(8, "0");
}
