// node deal_vectors.mjs DEAL.js: what the page makes of each vector: "question|line|line|..." or an answer or a key, or "refused".
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const { DealError, answer, passwordHash, question, readDeal, readKey, shown } = await import(pathToFileURL(process.argv[2]));
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const hex = (data) => Buffer.from(data).toString("hex");

async function said({ wire, headers, data }) {
  if (wire === "key") return hex(await readKey(data));
  if (wire === "money") return shown(Number(headers.amount), Number(headers.currency), headers.language);
  if (wire === "ocra") {
    const hash = await passwordHash(headers.password);
    return answer(bytes(headers.key), hash, bytes(headers.question), Number(headers.minute));
  }
  const deal = readDeal(bytes(data));
  const lines = deal.lines.slice(0, 3).map((line) => [line.name, line.model, line.unitMinor, line.quantity].join("|"));
  const rest = [deal.shop, deal.dealId, deal.timeS, deal.currency, deal.totalMinor, deal.lines.length];
  return [hex(await question(bytes(data))), ...rest, ...lines].join("\n");
}

const vectors = JSON.parse(fs.readFileSync(0, "utf8"));
const refused = (error) => {
  if (!(error instanceof DealError)) throw error;
  return "refused";
};
console.log(JSON.stringify(await Promise.all(vectors.map((one) => said(one).catch(refused)))));
