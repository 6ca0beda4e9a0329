// Hours picked on a schedule's lanes, by drag or by keys; they open the form of an override.
// The form shows what saving changes, so there is one way to save, whatever picked the hours.
"use strict";
const lanes = document.querySelector(".lanes[data-pick]");
const from = Number(lanes?.dataset.from), to = Number(lanes?.dataset.to), hour = 36e5;
const step = to - from > 8 * 24 * hour ? hour : hour / 2;
const words = new Intl.DateTimeFormat("sv-SE", { timeZone: lanes?.dataset.zone, dateStyle: "short", timeStyle: "short" });
const status = document.getElementById("status");

for (const lane of lanes ? lanes.querySelectorAll(".lane[data-rotation]") : []) {
  const track = lane.querySelector(".track"), mark = document.createElement("div");
  let anchor = 0, head = 0;
  mark.className = "picked";
  mark.hidden = true;
  lane.append(mark);
  const span = () => [Math.max(Math.min(anchor, head), Math.floor(Date.now() / 6e4) * 6e4), Math.max(anchor, head)];
  const draw = (said) => {
    const box = track.getBoundingClientRect(), home = lane.getBoundingClientRect(), [start, end] = span();
    mark.hidden = end <= start;
    mark.style.left = `${box.left - home.left + (start - from) / (to - from) * box.width}px`;
    mark.style.width = `${(end - start) / (to - from) * box.width}px`;
    if (said) status.textContent = mark.hidden ? "No hours" : `${words.format(start)} to ${words.format(end)}`;
  };
  const open = () => {
    const [start, end] = span(), url = new URL(lanes.dataset.pick, location);
    if (end <= start) return;
    const typed = (at) => words.format(at).replace(" ", "T");
    url.search = new URLSearchParams({ rotation: lane.dataset.rotation, start: typed(start), end: typed(end) });
    location.assign(url);
  };
  const at = (event) => {
    const box = track.getBoundingClientRect(), part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return from + Math.round(part * (to - from) / step) * step;
  };
  // A finger scrolls; the list below the lanes is made for it.
  track.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return;
    event.preventDefault();
    track.setPointerCapture(event.pointerId);
    anchor = head = at(event);
    track.onpointermove = (move) => { head = at(move); draw(); };
    track.onpointerup = () => { track.onpointermove = track.onpointerup = null; open(); };
  });
  lane.tabIndex = 0;
  lane.setAttribute("role", "button");
  lane.setAttribute("aria-label", `Pick hours of ${lane.dataset.rotation}: arrows move, with Shift they extend, Enter opens the form`);
  lane.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -hour, ArrowRight: hour }[event.key];
    if (event.key === "Escape") { anchor = head = 0; mark.hidden = true; return; }
    if (event.key === "Enter") { event.preventDefault(); open(); return; }
    if (!by) return;
    event.preventDefault();
    if (!anchor) { anchor = Math.ceil(Math.max(from, Date.now()) / hour) * hour; head = anchor + hour; } else if (event.shiftKey) head += by;
    else { anchor += by; head += by; }
    draw(true);
  });
}
