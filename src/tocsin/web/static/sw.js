// Keeps what pages are drawn with, and one page that says that there is no connection.
// It keeps no page of alerts: an old one could be taken for the present.
"use strict";
const KEPT = [];
const CACHE = "tocsin-" + KEPT.join("|");

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    if (registration.navigationPreload) await registration.navigationPreload.enable();
    await clients.claim();
  })());
});
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  // Forms, the stream and what other sites serve go past it.
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith((async () => {
      try { return (await event.preloadResponse) || (await fetch(request)); }
      catch { return (await caches.match("/offline")) || Response.error(); }
    })());
  } else if (url.pathname.startsWith("/static/") && !url.pathname.startsWith("/static/-/")) {
    // The address holds a digest: what it named once it names for ever.
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
  }
});
addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch { /* A push without words is a page all the same. */ }
  event.waitUntil(registration.showNotification(said.title || "Tocsin", {
    body: said.body, tag: said.tag, data: said.url || "/", renotify: !!said.tag, requireInteraction: !!said.urgent,
  }));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data, location.origin);
  event.waitUntil(clients.openWindow(url.origin === location.origin ? url : "/"));
});
