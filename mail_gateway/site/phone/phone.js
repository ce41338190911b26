// The page: what is shown, what a finger does, what the reader says.
import { ArmourError, KINDS, bare, block, clean, find } from "./armour.js";
import { answers, dropAnswer, dropSale, keepAnswer, keepSale, markOpened, sales } from "./keep.js";
import { Line } from "./line.js";
import { language, words } from "./words.js";

const at = (id) => document.getElementById(id);
const recipient = document.querySelector("meta[name=sale-address]").content;
let waiting = []; // answers that the reader has not judged yet
let offered = null; // the one that it is looking at

const ON_LINE = {
  LinkUp: () => { offered = null; say("state", words.calling); },
  LinkLost: () => { offered = null; say("state", words.lost); },
  Unplugged: () => { offered = null; at("connect").hidden = false; say("state", words.unplugged); },
  Hello: ({ body }) => say("state", words.connected(parseInt(body.slice(0, 8), 16))),
  SaleArrived: ({ body }) => receive(body),
  Verdict: ({ body }) => judged(body),
};

const line = new Line((event) => ON_LINE[event.name](event), () => {
  if (offered === null && waiting.length && line.may("R")) {
    [offered] = waiting;
    line.say("R", offered);
  }
});

function say(id, text) {
  at(id).textContent = text;
}

// Stored is said only when the sale is on the disk.
async function receive(body) {
  let refusal = null;
  try {
    await keepSale(bare(body).letters, Date.now());
  } catch (error) {
    refusal = error instanceof ArmourError ? "data" : "full";
  }
  if (refusal === "full") say("news", words.full);
  await showSales();
  if (refusal === null && line.may("C")) line.say("C");
  else if (refusal !== null && line.may("G")) line.say("G", refusal);
}

async function judged(verdict) {
  if (offered !== null) await dropAnswer(offered);
  waiting = waiting.filter((one) => one !== offered);
  offered = null;
  say("news", words.verdict[verdict]);
}

function button(name, does) {
  const one = document.createElement("button");
  one.textContent = words[name];
  one.dataset.name = name;
  one.addEventListener("click", does);
  return one;
}

function subject(letters) {
  return `${words.subject} ${letters.slice(-8)}`;
}

function mailto(letters) {
  const body = block(KINDS.SALE, letters).replaceAll("\n", "\r\n");
  return `mailto:${recipient}?subject=${encodeURIComponent(subject(letters))}&body=${encodeURIComponent(body)}`;
}

function row(sale) {
  const { letters, atMs, opened } = sale;
  const text = block(KINDS.SALE, letters);
  const item = document.createElement("li");
  item.dataset.letters = letters;
  const when = document.createElement("p");
  when.textContent = words.received(new Date(atMs).toLocaleTimeString(language));
  const mail = document.createElement("a");
  mail.href = mailto(letters);
  mail.textContent = words.mail;
  mail.dataset.name = "mail";
  mail.addEventListener("click", async () => {
    await markOpened(sale);
    say("news", words.opened);
    await showSales();
  });
  item.append(when, mail, button("copy", async () => {
    await navigator.clipboard.writeText(text);
    say("news", `${words.copied} ${recipient}`);
  }));
  if (navigator.share) {
    item.append(button("share", () => navigator.share({ title: subject(letters), text }).catch(() => {})));
  }
  if (opened) item.append(button("done", async () => { await dropSale(letters); await showSales(); }));
  return item;
}

async function showSales() {
  const rows = (await sales()).map(row);
  at("sales").replaceChildren(...rows);
  at("none").hidden = rows.length > 0;
}

// A sale that was typed or scanned, bare or as a block, or the text of an answer mail -> what to say of it.
async function take(text) {
  const given = clean(text);
  const kind = /BEGIN\s*HAGAKI\s*RESULT/i.test(given) ? KINDS.RESULT : KINDS.SALE;
  const found = /BEGIN\s*HAGAKI/i.test(given) ? { kind, letters: find(given, kind) } : bareOrMissing(given);
  if (found.kind === KINDS.SALE) {
    await keepSale(found.letters, Date.now());
    await showSales();
    return words.saleKept;
  }
  await keepAnswer(found.letters);
  waiting = await answers();
  return line.isOpen ? "" : words.answerWaits;
}

function bareOrMissing(text) {
  if (!/^[A-Z2-7\s]{20,}$/i.test(text)) throw new ArmourError("armour-missing");
  return bare(text);
}

async function read() {
  try {
    say("news", await take(at("pasted").value));
    at("pasted").value = "";
  } catch (error) {
    say("news", error instanceof ArmourError ? words.bad[error.message] ?? words.bad.other : words.full);
  }
}

async function connect(port) {
  try {
    await line.open(await port);
    at("connect").hidden = true;
    say("state", words.calling);
  } catch {
    say("state", words.unplugged); // nothing was chosen, or another program has it
  }
}

async function begin() {
  document.documentElement.lang = language;
  document.title = words.title;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
  const hasSerial = "serial" in navigator;
  at("connect").hidden = !hasSerial;
  say("state", hasSerial ? words.unplugged : words.noSerial);
  at("connect").addEventListener("click", () => connect(navigator.serial.requestPort()));
  at("read").addEventListener("click", read);
  navigator.storage?.persist?.();
  await showSales();
  waiting = await answers();
  const [known] = hasSerial ? await navigator.serial.getPorts() : [];
  if (known) await connect(known);
}

begin();
navigator.serviceWorker?.register("worker.js").then(() => navigator.serviceWorker.ready)
  .then(() => say("offline", words.offline)).catch(() => {});
