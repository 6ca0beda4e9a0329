// The room of an incident: clocks that run, and notes that outlive a lost connection.
(() => {
  "use strict";
  // 47:12, 1:02:10; what is over says so by itself at the next look at the server.
  const told = (seconds) => {
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600), rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
  };
  const tick = () => {
    for (const one of document.querySelectorAll("time[data-clock]")) {
      const way = one.dataset.clock === "until" ? -1 : one.dataset.clock === "since" ? 1 : 0;
      const seconds = Math.floor(way * (Date.now() - Date.parse(one.dateTime)) / 1000);
      if (way && seconds >= 0) one.textContent = told(seconds);
    }
  };
  if (document.querySelector("time[data-clock]")) { tick(); setInterval(tick, 1000); }

  // A note has a key: however often it is sent, it is written once.
  const KEPT = "tocsin-notes";
  const store = {
    get: () => { try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; } },
    set: (notes) => { try { localStorage.setItem(KEPT, JSON.stringify(notes)); } catch { /* private window */ } },
  };
  const say = (text) => { const place = document.getElementById("status"); if (place) place.textContent = text; };
  const post = (note) => fetch(note.to, { method: "POST", body: new URLSearchParams(note.body), redirect: "manual" });
  const waiting = () => {
    const form = document.querySelector("form[data-note]"), count = store.get().length;
    let line = document.getElementById("kept");
    if (!form || (!count && !line)) return;
    if (!line) { line = document.createElement("p"); line.id = "kept"; line.className = "small soft"; line.setAttribute("data-keep", ""); form.append(line); }
    line.textContent = count ? `${count} ${count === 1 ? "entry waits" : "entries wait"} here for the connection.` : "";
  };
  let sending = false;
  async function flush() {
    if (sending) return;
    sending = true;
    try {
      for (let notes = store.get(); notes.length; notes = store.get()) {
        const answer = await post(notes[0]);
        if (answer.status >= 500) break;
        store.set(store.get().filter((one) => one.key !== notes[0].key));
      }
    } catch { /* still away */ }
    sending = false;
    waiting();
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-note]");
    if (!form || !window.fetch) return;
    event.preventDefault();
    const body = [...new FormData(form)], key = form.elements.key;
    const note = { to: form.action, body, key: key.value };
    const text = form.querySelector("textarea");
    try {
      const answer = await post(note);
      if (answer.type !== "opaqueredirect" && !answer.ok) throw Object.assign(new Error(), { refused: answer.status < 500 });
      say("Written.");
    } catch (error) {
      if (error.refused) { form.removeAttribute("data-note"); form.requestSubmit(); return; }
      store.set([...store.get(), note]);
      say("Kept here; it is sent when the connection is back.");
    }
    text.value = "";
    key.value = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    waiting();
  });
  addEventListener("online", flush);
  setInterval(() => { if (store.get().length && navigator.onLine) flush(); }, 4000);
  waiting();
  flush();
})();
