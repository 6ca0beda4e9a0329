// Passkeys: asks the server for a challenge, the browser for an answer, and sends it.
// Forms with `data-passkey` work it; without this file (or WebAuthn) they stay hidden.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const keys = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

const send = async (url, body) => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (said.next && !answer.ok) { location.assign(said.next); throw new Error(''); }
  if (!answer.ok) throw new Error(said.detail);
  return said;
};

const answers = {
  async add(options) {
    const made = await navigator.credentials.create({ publicKey: {
      ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: keys(options.excludeCredentials) } });
    return { response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) }, made };
  },
  async use(options) {
    const made = await navigator.credentials.get({ publicKey: {
      ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials) } });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return { response: { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
      ...(userHandle && { userHandle: text(userHandle) }) }, made };
  },
};

const go = async (form) => {
  const asked = await send(form.dataset.options, {});
  const { response, made } = await answers[form.dataset.passkey](asked.options);
  const body = { id: made.id, rawId: text(made.rawId), type: made.type, response };
  const done = await send(form.dataset.answer, { flow: asked.flow, response: body,
    label: form.elements.label?.value || '', next: form.elements.next?.value || '' });
  location.assign(done.next);
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll('[data-passkey]') : []) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const said = form.querySelector('[role=alert]'), button = form.querySelector('button');
    button.disabled = true;
    said.hidden = true;
    try { await go(form); } catch (error) {
      said.textContent = error.name === 'NotAllowedError' ? 'The browser was not given a passkey. Try again, or choose another way.'
        : error.name === 'InvalidStateError' ? 'This device has a passkey for you already.' : error.message;
      said.hidden = !said.textContent;
      button.disabled = false;
    }
  });
}
