// The text form of sealed bytes: find a block in a mail's text, check it, write it as a block. schemas/envelope/SPEC.md
// section 7 owns it.
export const KINDS = { SALE: 1, RESULT: 2 };

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const TEXT_MAX = 1200;
const LINE = 60;
const VERSION = 1;

export class ArmourError extends Error {}

// Bare letters -> {kind, letters}; case and white space are forgiven. Throws ArmourError with the slug.
export function bare(text) {
  const letters = text.replace(/[ \t\r\n\v\f]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return { kind: unframe(letters), letters };
}

// Text as somebody pasted it -> the same in compatibility forms, without zero-width characters.
export function clean(text) {
  return text.normalize("NFKC").replace(/[\u00AD\u200B-\u200F\u2060\uFEFF]/g, "");
}

// The block of that kind anywhere in a text that is clean -> bare letters. Throws ArmourError with the slug.
export function find(text, kind) {
  const word = Object.keys(KINDS).find((name) => KINDS[name] === kind);
  const [begin, end] = [`BEGINHAGAKI${word}`, `ENDHAGAKI${word}`];
  const folded = text.replace(/[ \t\r\n\v\f>|]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  let first = null;
  for (let at = folded.indexOf(begin); at >= 0; at = folded.indexOf(begin, at)) {
    const start = at + begin.length;
    const stop = folded.indexOf(end, start);
    const second = folded.indexOf(begin, start);
    if (stop < 0 || (second >= 0 && second < stop)) throw new ArmourError("armour-unfinished");
    const letters = folded.slice(start, stop).replace(/^-+|-+$/g, "");
    if (unframe(letters) !== kind) throw new ArmourError("armour-kind");
    if (first !== null && first !== letters) throw new ArmourError("armour-two");
    first = letters;
    at = stop + end.length;
  }
  if (first === null) throw new ArmourError("armour-missing");
  return first;
}

// Bare letters -> the block for a mail.
export function block(kind, letters) {
  const word = Object.keys(KINDS).find((name) => KINDS[name] === kind);
  return [`BEGIN HAGAKI ${word}`, ...letters.match(new RegExp(`.{1,${LINE}}`, "g")), `END HAGAKI ${word}`, ""].join("\n");
}

// Checks everything between letters and body; -> the kind.
function unframe(letters) {
  const framed = decode(letters);
  if (framed.length < 9) throw new ArmourError("armour-length");
  if (framed[0] !== VERSION) throw new ArmourError("armour-version");
  if (!Object.values(KINDS).includes(framed[1])) throw new ArmourError("armour-kind");
  const view = new DataView(framed.buffer);
  if (view.getUint16(2) !== framed.length - 8) throw new ArmourError("armour-length");
  if (view.getUint32(framed.length - 4) !== crc32(framed.subarray(0, -4))) throw new ArmourError("armour-crc");
  return framed[1];
}

function decode(letters) {
  if ([...letters].some((letter) => !ALPHABET.includes(letter))) throw new ArmourError("armour-alphabet");
  if (letters.length > TEXT_MAX || [1, 3, 6].includes(letters.length % 8)) throw new ArmourError("armour-length");
  const bytes = [];
  let [bits, value] = [0, 0];
  for (const letter of letters) {
    value = ((value << 5) | ALPHABET.indexOf(letter)) & 0xFFF;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xFF);
    }
  }
  if (value & ((1 << bits) - 1)) throw new ArmourError("armour-bits");
  return Uint8Array.from(bytes);
}

function crc32(bytes) {
  let crc = 0xFFFFFFFF;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xEDB88320 : crc >>> 1;
  }
  return (crc ^ 0xFFFFFFFF) >>> 0;
}
