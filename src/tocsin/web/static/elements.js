// Small custom elements, and what every page does once.
(() => {
  "use strict";
  // A line with a button that copies it. Without scripts the line can be selected.
  customElements.define("copy-line", class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector("button");
      if (!button || !navigator.clipboard) { if (button) button.remove(); return; }
      button.onclick = async () => {
        const label = button.querySelector("span"), before = label.textContent;
        try { await navigator.clipboard.writeText(this.querySelector("code").textContent); label.textContent = "Copied"; }
        catch { getSelection().selectAllChildren(this.querySelector("code")); label.textContent = "Press Ctrl+C"; }
        setTimeout(() => { label.textContent = before; }, 2000);
      };
    }
  });
  // After a refused form the summary of its problems is what to read first.
  const problem = document.getElementById("problem");
  if (problem) problem.focus();
  document.addEventListener("htmx:after:settle", () => { const now = document.querySelector("main #problem"); if (now) now.focus(); });
  const toast = document.querySelector("#said .toast");
  if (toast) setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); }, 12000);
  if (navigator.serviceWorker && document.body.dataset.stream) navigator.serviceWorker.register("/sw.js").catch(() => {});
})();
