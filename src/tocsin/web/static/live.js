// Keeps a page current: one event stream, resumed by the browser with Last-Event-ID.
// Nothing needs this file: every page is whole without it.
(() => {
  const region = document.querySelector("[data-live]");
  const offline = document.getElementById("offline");
  if (!region || !window.EventSource) return;
  let waiting = 0, timer = 0, lost = 0;

  const busy = () => {
    const field = document.activeElement;
    return window.scrollY > 300 || (field && region.contains(field) && field.matches("input, select, textarea"));
  };
  async function refresh() {
    timer = 0;
    if (busy()) return offer();
    const answer = await fetch(location.href, { headers: { "x-live": "1" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.querySelector("[data-live]");
    if (!next || busy()) return next && offer();
    const focused = document.activeElement && document.activeElement.id;
    region.replaceChildren(...next.childNodes);
    document.title = fresh.title;
    for (const [old, now] of [[".rail .nav", 0], [".tabs", 0]].map(([q]) => [document.querySelector(q), fresh.querySelector(q)]))
      if (old && now) old.replaceWith(now);
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
    waiting = 0;
  }
  function offer() {
    let button = document.getElementById("newer");
    if (!button) {
      button = document.createElement("button");
      button.id = "newer";
      button.className = "btn main sm newer";
      button.addEventListener("click", () => { window.scrollTo(0, 0); document.activeElement.blur(); button.remove(); refresh(); });
      region.prepend(button);
    }
    button.textContent = waiting === 1 ? "1 new" : waiting + " new";
  }
  const soon = () => { waiting += 1; if (!timer) timer = setTimeout(refresh, 400); };
  const poll = Number(region.dataset.poll || 0);
  if (poll) setInterval(() => { if (!busy()) refresh(); }, poll * 1000);

  const stream = new EventSource("/live");
  stream.addEventListener("fact", soon);
  stream.addEventListener("open", () => { clearTimeout(lost); lost = 0; if (offline && !offline.hidden) { offline.hidden = true; soon(); } });
  stream.addEventListener("error", () => { if (!lost) lost = setTimeout(() => { if (offline) offline.hidden = false; }, 5000); });
})();
