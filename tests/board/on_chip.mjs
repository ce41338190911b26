// node on_chip.mjs INTERPRETER.mjs ROOT SCRIPT HEAP: a script and the firmware's files into MicroPython.
// Standard input is its `given` (JSON); its report(given) comes out (JSON), then whether the heap holds any of
// the given `needles`.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [interpreter, root, script, heap] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const chip = await loadMicroPython({ heapsize: Number(heap) });
const files = JSON.parse(fs.readFileSync(path.join(root, "docs/reader/files.json")));
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
chip.FS.writeFile("/given.json", fs.readFileSync(0));
chip.runPython("import sys\nsys.path.insert(0, '/fw')");
chip.runPython(fs.readFileSync(script, "utf8"));
chip.runPython("import json\nwith open('/given.json') as file:\n    said = report(json.load(file))\nsaid = json.dumps(said)");
const said = chip.globals.get("said");
fs.writeSync(1, said);
