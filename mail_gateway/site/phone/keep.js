// What the page keeps over a reload and a night: sales until they are mailed, answers until the reader has seen them.
const NAME = "hagaki";

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("sales", { keyPath: "letters" });
    asked.result.createObjectStore("answers", { keyPath: "letters" });
  };
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

// Runs what `does` asks of one store; done when it is on the disk, not only handed to the system.
async function change(name, does) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const work = database.transaction(name, "readwrite", { durability: "strict" });
    does(work.objectStore(name));
    work.oncomplete = () => resolve();
    work.onabort = () => reject(work.error);
  });
}

async function all(name) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const asked = database.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

export const sales = async () => (await all("sales")).sort((a, b) => a.atMs - b.atMs);
export const answers = async () => (await all("answers")).map((one) => one.letters);

// Bare letters of a sale, once however often it comes. Rejects when it cannot be kept.
export async function keepSale(letters, atMs) {
  if (!(await all("sales")).some((sale) => sale.letters === letters)) {
    await change("sales", (store) => store.put({ letters, atMs, opened: false }));
  }
}

export const markOpened = (sale) => change("sales", (store) => store.put({ ...sale, opened: true }));
export const dropSale = (letters) => change("sales", (store) => store.delete(letters));
export const keepAnswer = (letters) => change("answers", (store) => store.put({ letters }));
export const dropAnswer = (letters) => change("answers", (store) => store.delete(letters));
