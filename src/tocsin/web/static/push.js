// "Use this browser": asks it for a push subscription and adds that as a contact.
// The form stays hidden where there is no push, or no script.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const form = document.querySelector('[data-push]');

const subscribed = async () => {
  if (await Notification.requestPermission() !== 'granted') throw new Error('This browser may not show notifications: allow it for this site, and try again.');
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
  return `${made.endpoint}#${text(made.getKey('p256dh'))}.${text(made.getKey('auth'))}`;
};

if (form && window.PushManager && navigator.serviceWorker) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const said = form.querySelector('[role=alert]'), button = form.querySelector('button');
    button.disabled = true;
    said.hidden = true;
    try { form.elements.address.value = await subscribed(); HTMLFormElement.prototype.submit.call(form); } catch (error) {
      said.textContent = error.name === 'AbortError' ? 'The push service of this browser cannot be reached now.' : error.message;
      said.hidden = false;
      button.disabled = false;
    }
  });
}
