// Keeps the page for visits without a network, and gives it the headers of isolation where its host sets none:
// only with them may threads share memory.
const keep = `pushforward-playground ${self.registration.scope}`;

/** The same response, isolated from other origins. */
function isolated(response) {
  if (response.status === 0 || response.headers.has("Cross-Origin-Embedder-Policy")) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

async function install() {
  const cache = await caches.open(keep);
  const files = await (await fetch("./files.json", { cache: "no-cache" })).json();
  await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
  // What an earlier version had under other names.
  const wanted = new Set(files.map((file) => new URL(file, self.registration.scope).href));
  for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
  await self.skipWaiting();
}

async function answer(request) {
  const cache = await caches.open(keep);
  const found = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
  // Names of assets change with their content; the page itself is asked for, so that a new version is seen.
  if (found && request.mode !== "navigate") return isolated(found);
  try {
    return isolated(await fetch(request));
  } catch (error) {
    if (found) return isolated(found);
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === self.location.origin)
    event.respondWith(answer(request));
});
