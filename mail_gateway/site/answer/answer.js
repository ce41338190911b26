// The page of an order: shows the deal that the bytes hold, and computes the answer to it here, on the customer's device.
import { DealError, answer, passwordHash, question, readDeal, readKey, shown } from "./deal.js";

const KEPT = "hagaki-key";
const at = (id) => document.getElementById(id);
const language = document.documentElement.lang;

function cell(row, text) {
  row.insertCell().textContent = text;
}

// What is on the screen is what the question is computed from, and nothing that the server said beside it.
function show(deal) {
  at("shop").textContent = deal.shop;
  at("deal-id").textContent = deal.dealId;
  at("time").textContent = new Date(deal.timeS * 1000).toLocaleString(language);
  at("total").textContent = shown(deal.totalMinor, deal.currency, language);
  at("lines").replaceChildren();
  for (const line of deal.lines) {
    const row = at("lines").insertRow();
    cell(row, line.model ? `${line.name} (${line.model})` : line.name);
    cell(row, shown(line.unitMinor, deal.currency, language));
    cell(row, `× ${line.quantity}`);
  }
}

function say(word) {
  at("news").textContent = at("news").dataset[word];
}

function keep(text) {
  if (at("keep").checked) localStorage.setItem(KEPT, text);
  else localStorage.removeItem(KEPT);
}

async function send(asked) {
  const text = at("key").value;
  const key = await readKey(text);
  const minute = Math.floor((Number(at("deal").dataset.now) + performance.now() / 1000) / 60);
  const digits = await answer(key, await passwordHash(at("password").value), asked, minute);
  keep(text);
  at("password").value = "";
  at("ocra").value = digits;
  say("sending");
  at("send").submit();
}

async function begin() {
  const bytes = Uint8Array.from(at("deal").dataset.deal.match(/../g), (two) => parseInt(two, 16));
  try {
    show(readDeal(bytes));
  } catch {
    at("deal").hidden = true;
    return say("broken");
  }
  const form = at("compute");
  if (!form) return undefined;
  if (!globalThis.crypto?.subtle) return say("insecure");
  const asked = await question(bytes);
  at("question").textContent = Array.from(asked, (byte) => byte.toString(16).padStart(2, "0")).join("");
  at("key").value = localStorage.getItem(KEPT) ?? "";
  at("keep").checked = at("key").value !== "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(asked).catch((error) => say(error instanceof DealError ? "key" : "failed"));
  });
  form.hidden = false;
  return undefined;
}

begin();
