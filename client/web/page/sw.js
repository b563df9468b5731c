// SPDX-License-Identifier: Apache-2.0
//
// Keeps the page's own files, so that it starts without network. A new version installs beside the old one and waits:
// it takes over when the page asks for it ("activate", before unlocking or by the person's own tap) or at the next cold
// start, never in the middle of an entry. Only files of this bundle are answered from here; everything else goes to the
// network untouched.
const version = "{version}";
const files = "{files}";
const name = `passerelle-${version}`;

// What carries a hash in its name is the same wherever it comes from: the page itself has just fetched most of it.
const hashed = (file) => /-[0-9A-Za-z]{8}\.[a-z]+$/.test(file);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(name).then((cache) =>
    cache.addAll(["./", ...files].map((file) => new Request(file, { cache: hashed(file) ? "default" : "reload" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const other of await caches.keys())
      if (other.startsWith("passerelle-") && other !== name) await caches.delete(other);
    await self.clients.claim();
  })());
});

self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const scope = new URL(self.registration.scope);
  if (event.request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const file = url.pathname.slice(scope.pathname.length);
  const wanted = file === "" || file === "index.html" ? "./" : file;
  if (wanted !== "./" && !files.includes(wanted)) return;
  event.respondWith(caches.open(name).then(async (cache) =>
    (await cache.match(new Request(new URL(wanted, scope)))) ?? fetch(event.request)));
});
