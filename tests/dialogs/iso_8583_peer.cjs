// The npm package iso_8583: packs each message of a list, and unpacks each list of bytes; formats are given.
const [, , library] = process.argv;
const Iso8583 = require(library);
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));

function packed(fields) {
  const made = new Iso8583(fields, asked.formats).getBufferMessage();
  if (!Buffer.isBuffer(made)) throw new Error(JSON.stringify(made));
  return made.toString('hex');
}

function unpacked(hex) {
  const read = new Iso8583(undefined, asked.formats).getIsoJSON(Buffer.from(hex, 'hex'));
  if (read.error) throw new Error(JSON.stringify(read));
  return read;
}

process.stdout.write(
  JSON.stringify({ packed: asked.messages.map(packed), unpacked: asked.bytes.map(unpacked) })
);
