// Keeps the page, so that it opens without a network. What is new is fetched when there is one, and shown next time.
const NAME = "hagaki-phone";
const FILES = ["./", "phone.css", "phone.js", "line.js", "link.js", "armour.js", "keep.js", "words.js", "icon.svg", "app.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith((async () => {
    const cache = await caches.open(NAME);
    const kept = await cache.match(event.request, { ignoreSearch: true });
    const fresh = fetch(event.request).then((answer) => {
      if (answer.ok) cache.put(event.request, answer.clone());
      return answer;
    });
    if (kept) {
      event.waitUntil(fresh.catch(() => {}));
      return kept;
    }
    return fresh;
  })());
});
