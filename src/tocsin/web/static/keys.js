// The keyboard map. Each key only presses what is on the page; off in fields, and off
// altogether for who unticks it in the dialog of `?`.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const dialog = $("keys"), finder = $("finder");
  if (!dialog) return;
  const OFF = "tocsin-keys-off";
  const store = { get: () => { try { return localStorage.getItem(OFF); } catch { return null; } },
    set: (off) => { try { off ? localStorage.setItem(OFF, "1") : localStorage.removeItem(OFF); } catch { /* private window */ } } };
  const on = $("keys-on");
  on.checked = !store.get();
  on.addEventListener("change", () => store.set(!on.checked));

  const goes = new Map([...dialog.querySelectorAll("[data-go]")].map((one) => [one.dataset.go, one.dataset.href]));
  const rows = () => [...document.querySelectorAll("main [data-key]")].filter((one) => one.querySelector("a"));
  const picked = () => document.querySelector("main .picked");

  function pick(step) {
    const all = rows();
    if (!all.length) return;
    const old = picked(), at = all.indexOf(old);
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
    if (old) old.classList.remove("picked");
    next.classList.add("picked");
    // The browser's own focus follows, so that Enter opens and screen readers speak.
    next.querySelector("a").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  function acknowledge() {
    const row = picked();
    const button = (row && row.querySelector("[data-ack]")) || (!row && document.querySelector("main [data-ack]:only-of-type")) || document.querySelector("#bars [data-ack]");
    const all = document.querySelectorAll("main [data-ack]");
    if (row || all.length < 2 || document.querySelector("#bars [data-ack]")) { if (button) button.click(); } else all[0].focus();
  }
  function find() {
    if (finder.showModal && window.htmx) { finder.showModal(); $("finder-q").select(); } else location.href = "/find";
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-find]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.htmx || !finder.showModal) return;
    event.preventDefault();
    find();
  });
  for (const one of [dialog, finder]) one.addEventListener("click", (event) => { if (event.target === one) one.close(); });
  // In the finder the arrows walk what was found, and Enter opens the first.
  finder.addEventListener("keydown", (event) => {
    const found = [...finder.querySelectorAll("#finder-found a, #finder-found button")];
    const at = found.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && found.length) { event.preventDefault(); found[Math.min(at + 1, found.length - 1)].focus(); }
    if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (found[at - 1] || $("finder-q")).focus(); }
    if (event.key === "Enter" && event.target.id === "finder-q" && found.length) { event.preventDefault(); found[0].click(); }
  });

  // In a room: to the place where something is written, opened if it is folded.
  const room = { n: "#t", c: "#t", t: "#tasktext", s: "#state", r: "#roles", u: 'a[href$="/update"]', ".": "#log" };
  function inRoom(key) {
    const where = document.querySelector("main.roomy") && room[key];
    if (!where) return false;
    const place = document.querySelector(where);
    if (!place) return false;
    if (key === "u") { place.click(); return true; }
    if (where === "#t") document.querySelector(`[name=kind][value=${key === "c" ? "decision" : "note"}]`).checked = true;
    const fold = place.closest("details");
    if (fold) fold.open = true;
    place.scrollIntoView({ block: "center" });
    const field = place.matches("input, textarea, select") ? place : place.querySelector("a, button, input");
    if (field) field.focus({ preventScroll: true });
    return true;
  }
  const acts = { "/": find, d: () => { location.href = "/incidents/new"; }, "?": () => dialog.showModal(), j: () => pick(1), k: () => pick(-1), a: acknowledge };
  let after = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog") || document.querySelector("dialog[open]")) return;
    if (!on.checked && event.key !== "?") return;
    const going = Date.now() - after < 1200;
    after = 0;
    if (going && goes.has(event.key)) { event.preventDefault(); location.href = goes.get(event.key); return; }
    if (event.key === "g") { after = Date.now(); return; }
    if (inRoom(event.key)) { event.preventDefault(); return; }
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
