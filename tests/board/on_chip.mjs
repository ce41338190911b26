// node on_chip.mjs INTERPRETER.mjs ROOT SCRIPT NEEDLE ..: a script and the firmware's files into MicroPython.
// Standard input is its `given` (JSON). Out comes {said: its report(given), found: the needles (hex) that the
// interpreter's memory holds afterwards}; nothing is collected before.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [interpreter, root, script, ...needles] = process.argv.slice(2);
const HEAP = 2 * 1024 * 1024;
let memory;
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  memory = Object.values((made.instance ?? made).exports).find((one) => one instanceof WebAssembly.Memory);
  return made;
};
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const chip = await loadMicroPython({ heapsize: HEAP });
const DEAL = ["__init__.py", "layout.py", "ocra.py"].map((name) => "schemas/deal/" + name); // for a customer's chip
const files = [...JSON.parse(fs.readFileSync(path.join(root, "docs/reader/files.json"))), ...DEAL];
const made = new Set();
chip.FS.mkdir("/fw");
for (const file of files) {
  const folders = path.dirname(file).split("/");
  folders.forEach((_, depth) => {
    const folder = "/fw/" + folders.slice(0, depth + 1).join("/");
    if (!made.has(folder)) chip.FS.mkdir(folder);
    made.add(folder);
  });
  chip.FS.writeFile("/fw/" + file, fs.readFileSync(path.join(root, file)));
}
for (const name of ["centre.py", "parts.py"]) {
  chip.FS.writeFile("/fw/" + name, fs.readFileSync(path.join(root, "docs/reader", name)));
}
chip.FS.writeFile("/given.json", fs.readFileSync(0));
try {
  chip.runPython("import sys\nsys.path.insert(0, '/fw')");
  chip.runPython(fs.readFileSync(script, "utf8"));
  chip.runPython("import json\nwith open('/given.json') as file:\n    said = report(json.load(file))\nsaid = json.dumps(said)");
} catch (error) {
  console.error(error.message); // without it node prints the interpreter's whole source
  process.exit(1);
}
const said = chip.globals.get("said");
const image = Buffer.from(memory.buffer);
const found = needles.filter((needle) => image.includes(Buffer.from(needle, "hex")));
fs.writeFileSync(1, JSON.stringify({ said: JSON.parse(said), found }));
