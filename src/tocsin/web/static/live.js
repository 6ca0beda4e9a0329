// Keeps a page current. Nothing needs this file: every page is whole without it.
(() => {
  "use strict";
  const { worker, stream, seen } = document.body.dataset;
  if (!stream) return;
  const $ = (id) => document.getElementById(id);
  const region = () => document.querySelector("[data-live]");
  const [fact, config] = (seen || "0.0").split(".").map(Number);
  let waiting = 0, running = false, again = false, wanted = false, up = false, down = 0, polls = 0, read = Date.now();
  let moved = 0, news = 0, heldBefore = 0, said = 0, saying = "", headline = heading(document);

  function heading(page) { const found = page.querySelector("main h1"); return found ? found.textContent.trim() : ""; }

  // Who reads further down, types or is about to click is not to be disturbed.
  const isBusy = () => {
    const part = region(), focus = document.activeElement;
    // A log that grows below the field one types in moves nothing: only its reader is busy.
    if (part && part.hasAttribute("data-flow")) return scrollY > 500;
    return scrollY > 200 || Date.now() - moved < 2500 ||
      !!(part && focus && focus !== document.body && focus !== part && part.contains(focus)) ||
      [...part.querySelectorAll("input, textarea, select")].some((one) => one.matches("input:not([type=checkbox],[type=radio]), textarea") && one.value !== one.defaultValue);
  };
  addEventListener("pointermove", (event) => { if (region() && region().contains(event.target)) moved = Date.now(); }, { passive: true });

  const soon = (ms) => { waiting ||= setTimeout(refresh, document.hidden ? Math.max(ms, 3000) : ms); };

  async function refresh(all) {
    clearTimeout(waiting); waiting = 0;
    if (running) { again = true; wanted ||= all === true; return true; }
    running = true; again = false;
    all = all === true || wanted;
    wanted = false;
    try {
      // A lost line says nothing.
      const answer = await fetch(location.href, { headers: { "x-live": "1" }, cache: "no-store", signal: AbortSignal.timeout?.(10000) });
      if (new URL(answer.url).pathname !== location.pathname) return location.reload(), true;
      if (!answer.ok) return answer.status < 500;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(page, all);
      read = Date.now();
      return true;
    } catch { if (up) soon(5000); return false; } finally { running = false; if (again) soon(150); }
  }

  function show(page, all) {
    const held = !all && !!region() && isBusy(), still = held ? anchor(region()) : null, top = still && still.getBoundingClientRect().top;
    document.title = page.title;
    const icon = document.querySelector("link[rel=icon]"), now = page.querySelector("link[rel=icon]");
    if (icon && now && icon.href !== now.href) icon.replaceWith(now);
    for (const id of ["rail", "tabs", "bars"]) if ($(id) && page.getElementById(id)) tocsinMorph($(id), page.getElementById(id), false);
    const old = region(), fresh = page.querySelector("[data-live]");
    if (!old || !fresh) return;
    if (!held) old.style.marginBlockStart = "";
    const told = tocsinMorph(old, fresh, held);
    if (still && still.isConnected) settle(old, still, top);
    offer(told.held);
    // What was held and is shown now is no news a second time.
    news += Math.max(0, told.added + told.held - heldBefore);
    heldBefore = told.held;
    const title = heading(page);
    if (title !== headline || news) announce(title !== headline ? title : "");
    headline = title;
  }

  // What somebody looks at stays where it is on the screen: the field with the focus, else
  // the first row in sight.
  function anchor(part) {
    const focus = document.activeElement;
    if (focus !== part && part.contains(focus)) return focus;
    return [...part.querySelectorAll("[data-key], section, p")].find((one) => one.getBoundingClientRect().top >= 0) || null;
  }
  function settle(part, still, top) {
    scrollBy({ top: still.getBoundingClientRect().top - top, behavior: "instant" });
    // At the page's top there is nothing to scroll back to: the part begins lower instead.
    const short = top - still.getBoundingClientRect().top;
    if (Math.abs(short) > 0.5) part.style.marginBlockStart = `${(parseFloat(part.style.marginBlockStart) || 0) + short}px`;
  }

  // One voice for screen readers: merged, and at most every ten seconds.
  function announce(text) {
    if (text) saying = text;
    if (said) return;
    const wait = Math.max(0, (announce.last || 0) + 10000 - Date.now());
    said = setTimeout(() => {
      $("status").textContent = [saying, news ? (news === 1 ? "1 new entry" : `${news} new entries`) : ""].filter(Boolean).join(", ");
      announce.last = Date.now(); said = 0; news = 0; saying = "";
    }, wait);
  }

  let idle = 0;
  function offer(count) {
    let button = $("newer");
    if (!count) { if (button) button.remove(); return; }
    if (!button) {
      button = document.createElement("button");
      button.id = "newer";
      button.type = "button";
      button.className = "btn main sm newer";
      button.addEventListener("click", () => {
        scrollTo({ top: 0, behavior: "instant" });
        moved = 0;
        refresh(true);
        const part = region();
        part.tabIndex = -1;
        part.focus();
      });
      document.body.append(button);
    }
    // The button itself stays: somebody may be about to press it.
    button.textContent = `${count} new`;
    clearInterval(idle);
    idle = setInterval(() => { if (!$("newer")) clearInterval(idle); else if (!isBusy()) refresh(); }, 4000);
  }

  // Without a stream the page is asked for again; without an answer the bar says how old it is.
  const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  function offline(lost) {
    const bar = $("offline");
    if (!lost) { bar.hidden = true; return; }
    const minutes = Math.floor((Date.now() - read) / 60000);
    $("offline-age").textContent = minutes ? `${minutes} min old` : "";
    if (!bar.hidden) return;
    $("offline-since").textContent = clock(read);
    bar.hidden = false;
  }
  async function poll() {
    const good = up || await refresh();
    offline(!good);
    if (up) { polls = 0; down = 0; return; }
    polls += 1;
    down = setTimeout(poll, polls < 2 ? 5000 : 15000);
  }

  const hear = ({ kind }) => {
    document.body.dataset.up = kind === "down" ? "0" : "1";
    if (kind === "down") { up = false; if (!down) down = setTimeout(poll, 5000); return; }
    if (kind === "up") {
      up = true; clearTimeout(down); down = 0;
      if (polls || !$("offline").hidden) soon(0);
      polls = 0; offline(false);
      return;
    }
    // A short wait lets a burst of facts be one look.
    soon(120);
  };

  let port = null, own = null;
  function listen() {
    const at = { fact, config };
    if (window.SharedWorker && worker) {
      const shared = new SharedWorker(worker, "tocsin");
      port = shared.port;
      port.onmessage = (event) => hear(event.data);
      shared.onerror = () => { port = null; alone(at); };
      port.postMessage({ kind: "hi", address: stream, seen: at });
      port.start();
    } else alone(at);
  }
  function alone(at) { if (window.EventSource) own = tocsinStream(stream, at, hear); else hear({ kind: "down" }); }
  addEventListener("pagehide", () => { if (port) port.postMessage({ kind: "bye" }); if (own) own.close(); port = own = null; });
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refresh(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting) refresh(); });
  const every = region() && Number(region().dataset.poll || 0);
  if (every) setInterval(() => { if (!isBusy()) refresh(); }, every * 1000);
  listen();
})();
