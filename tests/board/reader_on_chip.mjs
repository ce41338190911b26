// node reader_on_chip.mjs INTERPRETER.mjs ROOT SCRIPT: the firmware's files into MicroPython, run, its report out.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [interpreter, root, script] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const chip = await loadMicroPython({ heapsize: 1024 * 1024 });
const folders = ["schemas", "schemas/envelope", "schemas/link", "card_reader_fw", "card_reader_fw/crypto",
  "card_reader_fw/track"];
chip.FS.mkdir("/fw");
for (const folder of folders) {
  chip.FS.mkdir("/fw/" + folder);
  for (const file of fs.readdirSync(path.join(root, folder)).filter((name) => name.endsWith(".py")))
    chip.FS.writeFile(`/fw/${folder}/${file}`, fs.readFileSync(path.join(root, folder, file)));
}
chip.runPython(fs.readFileSync(script, "utf8"));
console.log(chip.globals.get("report"));
