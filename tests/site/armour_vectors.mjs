// node armour_vectors.mjs ARMOUR.js: what the page's armour makes of each vector: the bare letters, or a slug.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const { KINDS, bare, block, find } = await import(pathToFileURL(process.argv[2]));

function answer({ wire, headers, data }) {
  try {
    const kind = KINDS[headers.kind.toUpperCase()];
    const letters = wire === "armour" ? find(data, kind) : bare(data).letters;
    return find(block(kind, letters), kind) === letters ? letters : "not written again";
  } catch (error) {
    return error.message;
  }
}

console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map(answer)));
