// Makes a part of the page like a fresh copy of it without disturbing who uses it: what is
// typed stays, focus stays, and with `hold` neither do rows come nor go.
(() => {
  "use strict";
  const keyOf = (node) => node.nodeType === 1 ? node.dataset.key || node.id || "" : "";
  const isTyped = (field) =>
    field.matches("select") ? [...field.options].some((one) => one.selected !== one.defaultSelected)
    : /^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;

  function attributes(old, fresh) {
    const kept = old.classList.contains("picked");
    for (const { name, value } of fresh.attributes)
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes])
      if (name !== "style" && !fresh.hasAttribute(name) && !(name === "open" && old.matches("dialog, details"))) old.removeAttribute(name);
    if (kept) old.classList.add("picked");
  }

  function element(old, fresh, told) {
    if (old.matches("[data-keep]") || old.isEqualNode(fresh)) return;
    if (old.matches("input, textarea, select")) {
      if (old === document.activeElement || isTyped(old)) return;
      attributes(old, fresh);
      if (old.matches("select")) children(old, fresh, told);
      else if (/^(checkbox|radio)$/.test(old.type)) old.checked = fresh.checked;
      else old.value = fresh.value;
      return;
    }
    attributes(old, fresh);
    children(old, fresh, told);
  }

  function children(old, fresh, told) {
    const keyed = new Map([...old.children].filter(keyOf).map((one) => [keyOf(one), one]));
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const key = keyOf(next);
      let match = key ? keyed.get(key) : null;
      if (!key) {
        // A few siblings ahead: something before it went away.
        let ahead = at;
        for (let steps = 0; ahead && steps < 6 && !match; steps += 1, ahead = ahead.nextSibling)
          if (!keyOf(ahead) && ahead.nodeName === next.nodeName) match = ahead;
      }
      if (match && match.nodeName === next.nodeName) {
        while (at && at !== match && !keyOf(at)) at = drop(at, told);
        if (at === match) at = at.nextSibling;
        else if (!(told.hold && key)) move(old, match, at);
        if (match.nodeType === 1) element(match, next, told);
        else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
        keyed.delete(key);
      } else if (next.nodeType === 1 && next.dataset.key && told.hold) {
        told.held += 1;
      } else {
        if (next.nodeType === 1 && next.dataset.key) told.added += 1;
        old.insertBefore(document.importNode(next, true), at);
      }
    }
    const left = new Set(keyed.values());
    while (at) at = left.delete(at) || !keyOf(at) ? drop(at, told) : at.nextSibling;
    left.forEach((one) => { if (one.isConnected && one.parentNode === old) drop(one, told); });
  }

  function move(parent, node, before) {
    if (node.contains(document.activeElement) && parent.moveBefore) parent.moveBefore(node, before);
    else if (!node.contains(document.activeElement)) parent.insertBefore(node, before);
  }

  function drop(node, told) {
    const next = node.nextSibling;
    if (told.hold && node.nodeType === 1 && node.dataset.key) {
      told.held += 1;
      node.classList.add("gone");
      return next;
    }
    if (node.nodeType === 1 && node.contains(document.activeElement)) {
      // Focus goes to the same place of the next row, else to the page's main part.
      const row = node.nextElementSibling || node.previousElementSibling;
      const to = row && row.querySelector("a, button, input");
      node.remove();
      if (to) to.focus({ preventScroll: true });
    } else node.remove();
    return next;
  }

  window.tocsinMorph = (old, fresh, hold) => {
    const told = { hold, held: 0, added: 0 };
    element(old, fresh, told);
    return told;
  };
})();
