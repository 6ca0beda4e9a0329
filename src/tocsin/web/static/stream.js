// The one event stream of a browser. As a shared worker it serves every tab; where the
// browser has no shared workers, a tab runs it for itself.
"use strict";
const tocsinStream = (address, seen, tell) => {
  const known = { fact: seen.fact, config: seen.config, up: false };
  let source = null, again = 0;
  const open = () => {
    clearTimeout(again);
    source = new EventSource(`${address}?since=${known.fact}`);
    source.addEventListener("hello", (event) => {
      known.up = true;
      tell({ kind: "up" });
      changed(Number(event.data));
    });
    source.addEventListener("fact", (event) => {
      // The server sends a fact again rather than never.
      const [fact, alert] = event.data.split(" ").map(Number);
      known.fact = Math.max(known.fact, fact);
      tell({ kind: "fact", fact, alert });
    });
    source.addEventListener("config", (event) => changed(Number(event.data)));
    source.addEventListener("error", () => {
      known.up = false;
      tell({ kind: "down" });
      // The browser tries again by itself, except after an answer that was no stream.
      if (source.readyState === 2) again = setTimeout(open, 15000);
    });
  };
  const changed = (version) => {
    if (version === known.config) return;
    known.config = version;
    tell({ kind: "config" });
  };
  open();
  return { known, close: () => { clearTimeout(again); source.close(); } };
};

if (typeof document === "undefined") {
  const tabs = new Set();
  let stream = null;
  self.onconnect = (event) => {
    const port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data.kind === "bye") {
        tabs.delete(port);
        if (!tabs.size && stream) { stream.close(); stream = null; }
        return;
      }
      tabs.add(port);
      if (!stream) {
        stream = tocsinStream(data.address, data.seen, (said) => tabs.forEach((tab) => tab.postMessage(said)));
        return;
      }
      port.postMessage({ kind: stream.known.up ? "up" : "down" });
      // The tab's page may be older than what the stream has told.
      if (data.seen.fact < stream.known.fact) port.postMessage({ kind: "fact", fact: stream.known.fact, alert: 0 });
      if (data.seen.config < stream.known.config) port.postMessage({ kind: "config" });
    };
    port.start();
  };
}
