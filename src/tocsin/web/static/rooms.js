// The room of an incident: clocks that run, and notes that outlive a lost connection.
(() => {
  "use strict";
  // 47:12, 1:02:10; what is over says so by itself at the next look at the server.
  const tick = () => {
    for (const one of document.querySelectorAll("time[data-clock]")) {
      const way = { until: -1, since: 1 }[one.dataset.clock], s = Math.floor(way * (Date.now() - Date.parse(one.dateTime)) / 1000);
      if (s >= 0) one.textContent = [s / 3600 | 0, (s / 60 | 0) % 60, s % 60].slice(s < 3600 ? 1 : 0).map((n) => `${n}`.padStart(2, 0)).join(":");
    }
  };
  const form = document.querySelector("form[data-note]"), KEPT = "tocsin-notes";
  if (document.querySelector("time[data-clock]")) { tick(); setInterval(tick, 1000); }

  // A note has a key: however often it is sent, it is written once.
  const kept = () => { try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; } };
  const keep = (notes) => {
    try { localStorage.setItem(KEPT, JSON.stringify(notes)); } catch { /* private window */ }
    const line = document.getElementById("kept"), n = notes.length;
    if (line) line.textContent = n ? `${n} ${n === 1 ? "entry waits" : "entries wait"} here for the connection.` : "";
  };
  const post = ([to, body]) => fetch(to, { method: "POST", body: new URLSearchParams(body), redirect: "manual" });
  let sending = false;
  async function flush() {
    if (sending || !kept().length) return;
    sending = true;
    try {
      for (let notes; (notes = kept()).length && (await post(notes[0])).status < 500;) keep(kept().slice(1));
    } catch { /* still away */ }
    sending = false;
  }
  if (form) form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const note = [form.action, [...new FormData(form)]];
    try {
      const answer = await post(note);
      // Refused: the server says why on a page of its own.
      if (answer.status >= 500) throw 0;
      if (answer.status) return form.submit();
    } catch { keep([...kept(), note]); }
    form.elements.text.value = "";
    form.elements.key.value = `${Date.now()}-${Math.random()}`;
  });
  addEventListener("online", flush);
  setInterval(flush, 4000);
  keep(kept());
  flush();
})();
