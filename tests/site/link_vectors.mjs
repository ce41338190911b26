// node link_vectors.mjs LINK.js: plays scripts of schemas/link/vectors on the page's session; prints what went wrong.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const { Session, Decoder } = await import(pathToFileURL(process.argv[2]));
const NAMES = { 2: "<STX>", 3: "<ETX>" };
const SAY = { permission: "P", stored: "C", again: "G", result: "R", show: "W" };

const lineText = (bytes) => [...bytes].map((byte) => NAMES[byte] ?? (byte >= 0x20 && byte <= 0x7E && byte !== 0x3C
  ? String.fromCharCode(byte) : `<${byte.toString(16).toUpperCase().padStart(2, "0")}>`)).join("");
const lineBytes = (text) => Uint8Array.from(text.match(/<[^>]+>|[^<]/g) ?? [], (token) => token.length === 1
  ? token.charCodeAt(0) : { "<STX>": 2, "<ETX>": 3 }[token] ?? parseInt(token.slice(1, -1), 16));
const frames = (bytes) => lineText(bytes).split("<STX>").slice(1).map((part) => `out <STX>${part}`);
const event = ({ name, body }) => `event ${name}${argument(name, body)}`;

function argument(name, body = "") {
  if (name === "Hello") return ` ${parseInt(body.slice(0, 8), 16)} ${body.slice(9)}`;
  return body ? ` ${body}` : "";
}

function play(lines) {
  const session = new Session();
  let pending = frames(session.outgoing());
  let now = 0;
  let refused = "";
  for (const line of lines) {
    const [verb, ...words] = line.split(" ");
    const rest = words.join(" ");
    let told = [];
    if (verb === "event" || verb === "out") {
      if (pending.shift() !== line) return `wanted ${line}`;
    } else if (verb === "refuse") {
      if (refused !== rest) return `wanted ${line}, refused ${refused}`;
    } else if (verb === "deadline") {
      if (rest !== (session.deadline === null ? "none" : String(session.deadline))) return `wanted ${line}`;
    } else {
      if (pending.length) return `not foreseen: ${pending}`;
      if (verb === "at") now = Number(rest);
      if (verb === "in") told = session.receive(lineBytes(rest), now);
      if (verb === "tick") told = session.tick(now);
      if (verb === "say") {
        try {
          session.say(SAY[words[0]], words.slice(1).join(" "));
        } catch (error) {
          refused = error.message;
        }
      }
      pending = [...told.map(event), ...frames(session.outgoing())];
    }
  }
  return pending.length ? `not foreseen: ${pending}` : "";
}

function decoded({ headers, data }) {
  const found = new Decoder().feed(lineBytes(data));
  if (headers.expect !== "ok") return found[0] === null ? "" : "a damaged frame passed";
  const { type, sequence, body } = found[0] ?? {};
  return type === headers.type && String(sequence) === headers.seq && body === headers.body ? "" : "not the frame";
}

const given = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify(given.map((one) => (one.wire === "frame" ? decoded(one) : play(one.data.split("\n"))))));
