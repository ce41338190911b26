// Try a reader: the firmware's own files in MicroPython, and this page as its board.
const INTERPRETERS = [
  "../../node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs",
  "https://cdn.jsdelivr.net/npm/@micropython/micropython-webassembly-pyscript@1.27.0/micropython.mjs",
];
const ROOT = new URL("../../", import.meta.url);
const POLL_MS = 30;
const HEAP = 2 * 1024 * 1024;

const language = navigator.language.startsWith("ja") ? "ja" : "en";
const words = {
  en: {
    title: "Try a reader", power: "Off and on", swipe: "Swipe", front: "Swipe a Japanese front stripe",
    shaky: "shaky hand", backward: "backward", mail: "The sealed sale, as it would be mailed",
    answers: "What the centre answers", outcomes: {}, test: "Test card", none: "No sale has been sent yet.",
    loading: "Loading ...", sent: (amount, slip) => `Slip ${slip}, ${amount} yen: sent to the phone.`,
    verdict: { genuine: "The reader says: genuine.", "not-genuine": "The reader says: not genuine.",
      "unknown-sale": "The reader does not know that sale." },
    intro: "This is the firmware itself, on the interpreter that runs on the chip. Swipe, key an amount, ENTER, ENTER, " +
      "TRANSFER. No card and no money is real, and nothing leaves this page.",
  },
  ja: {
    title: "リーダーを試す", power: "電源を入れ直す", swipe: "カードを通す", front: "表面ストライプ（JIS II）を通す",
    shaky: "手ぶれ", backward: "逆向き", mail: "封印された売上（メールで送られる文）",
    answers: "センターの回答", outcomes: { approved: "承認", declined: "不承認", "re-enter": "再入力",
      "in-doubt": "不明", cancelled: "取消" }, test: "テストカード", none: "まだ売上が送られていません。",
    loading: "読み込み中…", sent: (amount, slip) => `伝票 ${slip}、${amount} 円：電話へ送信済み。`,
    verdict: { genuine: "リーダー：本物です。", "not-genuine": "リーダー：本物ではありません。",
      "unknown-sale": "リーダー：その売上はありません。" },
    intro: "チップと同じインタプリタで動く、本物のファームウェアです。カードを通し、金額、ENTER、ENTER、TRANSFER の順に押してください。" +
      "カードもお金も本物ではなく、この画面から外へは何も送られません。",
  },
}[language];
const KEYS = ["1", "2", "3", "CANCEL", "4", "5", "6", "CLEAR", "7", "8", "9", "HELP", "TRANSFER", "0", "", "ENTER"];
const OUTCOMES = ["approved", "declined", "re-enter", "in-doubt", "cancelled"];
const CARDS = {
  "4111 11.. (VISA test)": "4111111111111111=27121010000012345678",
  "3530 11.. (JCB test)": "3530111333300000=27121010000098765432",
};
const FRONT = "a90000000211111234567890122222333334444455555666667777788888999990000";
const BEEPS = { key: [2000, 15], ok: [2200, 140], bad: [500, 250], attention: [1200, 240] };

const at = (id) => document.getElementById(id);
const began = performance.now();
let sound = null;

const page = {
  language: () => language,
  random: () => crypto.getRandomValues(new Uint8Array(1))[0],
  milliseconds: () => Math.floor(performance.now() - began),
  seconds: () => Math.floor(Date.now() / 1000),
  lcd: (first, second, state) => {
    for (const [id, text] of [["line1", first], ["line2", second]]) {
      at(id).replaceChildren(...[...text.padEnd(16)].map((letter) => {
        const cell = document.createElement("span");
        cell.textContent = letter;
        return cell;
      }));
    }
    at("lcd").dataset.state = state;
  },
  beep: (code) => {
    const [pitch, length] = BEEPS[code] ?? BEEPS.attention;
    if (!sound) return;
    const tone = sound.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + length / 1000);
  },
  sale: (text, amount, slip) => {
    at("mail").textContent = text;
    at("news").textContent = words.sent(amount, slip);
  },
  verdict: (code) => { at("news").textContent = words.verdict[code]; },
};

async function interpreter() {
  for (const place of INTERPRETERS) {
    try {
      return await import(place);
    } catch {
      // the next one
    }
  }
  throw new Error("MicroPython could not be loaded");
}

async function file(path) {
  const answer = await fetch(new URL(path, ROOT));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

function button(parent, name, does, label = name) {
  const one = document.createElement("button");
  one.textContent = label;
  one.dataset.name = name;
  one.disabled = !label;
  one.addEventListener("click", () => {
    sound ??= new AudioContext();
    does();
  });
  parent.append(one);
}

async function begin() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
  at("news").textContent = words.loading;
  const { loadMicroPython } = await interpreter();
  const chip = await loadMicroPython({ heapsize: HEAP });
  chip.registerJsModule("page", page);
  const paths = JSON.parse(await file("docs/reader/files.json"));
  const texts = await Promise.all(paths.map(file));
  chip.FS.mkdir("/fw");
  const made = new Set();
  paths.forEach((path, place) => {
    const folders = path.split("/").slice(0, -1);
    folders.forEach((_, depth) => {
      const folder = "/fw/" + folders.slice(0, depth + 1).join("/");
      if (!made.has(folder)) chip.FS.mkdir(folder);
      made.add(folder);
    });
    chip.FS.writeFile("/fw/" + path, texts[place]);
  });
  for (const name of ["centre.py", "parts.py"]) chip.FS.writeFile("/fw/" + name, await file("docs/reader/" + name));
  chip.runPython(await file("docs/reader/in_page.py"));
  const bench = chip.globals.get("bench");

  for (const key of KEYS) button(at("keys"), key, () => bench.key(key));
  for (const name of Object.keys(CARDS)) at("card").append(new Option(name, CARDS[name]));
  const hand = () => [at("shaky").checked ? 12 : 0, at("backward").checked];
  button(at("swipe"), words.swipe, () => bench.swipe(at("card").value, "track2", ...hand()));
  button(at("swipe"), words.front, () => bench.swipe(FRONT, "jis2", ...hand()));
  button(at("swipe"), words.power, () => bench.switch_on());
  for (const name of OUTCOMES) {
    const does = () => { if (!bench.answer(name)) at("news").textContent = words.none; };
    button(at("answers"), name, does, words.outcomes[name] ?? name);
  }
  setInterval(() => bench.poll(), POLL_MS);
  at("news").textContent = "";
  document.body.dataset.ready = "yes";
}

begin().catch((error) => { at("news").textContent = error.message; });
