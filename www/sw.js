// Keeps the page, so that it opens without a network after the first visit. The build fills in what is kept.
const VERSION = "__VERSION__";
const FILES = __FILES__;
const NAME = `cachedojo-${VERSION}`;
const HOME = new URL("./", location.href);

addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== HOME.origin || !url.pathname.startsWith(HOME.pathname)) {
    return;
  }
  const path = url.pathname.slice(HOME.pathname.length);
  if (request.mode === "navigate" && (path === "" || path === "index.html")) {
    event.respondWith(fetch(request).catch(() => caches.match(HOME)));
  } else if (path.startsWith("assets/") && FILES.includes(path)) {
    // What has its digest in its name never changes. Of anything else the network's is newer, and the page looks here itself.
    event.respondWith(keptFirst(request, url));
  }
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll([HOME.href, ...FILES]);
}

async function forgetOthers() {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith("cachedojo-") && name !== NAME);
  await Promise.all(others.map((name) => caches.delete(name)));
}

async function keptFirst(request, url) {
  return (await caches.match(url.href)) ?? fetch(request);
}
