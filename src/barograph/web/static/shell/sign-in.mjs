// A server that demands a key asks for it here, once.
import { html, useState } from '../lib/html.mjs';
import { keyWanted, send, signIns } from '../lib/api.mjs';
import { Dialog } from '../parts/dialog.mjs';

/** Shown while the server wants a key. */
export function SignIn() {
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    try {
      await send('POST', '/session', { key });
      keyWanted.value = false;
      signIns.value += 1;
    } catch (error) {
      setWrong(error.code === 'unauthenticated' ? 'The server does not know this key.' : error.message);
    }
  };
  return html`
    <${Dialog} title="Sign in" close=${() => {}} lasting>
      <form class="sign-in" onSubmit=${submit}>
        <p>This server shows its jobs to whoever has a key. <code>barograph keys create NAME</code> makes one.</p>
        <label>Key
          <input type="password" autocomplete="current-password" spellcheck=${false} required value=${key}
            onInput=${(event) => { setKey(event.target.value); setWrong(''); }} />
        </label>
        <p class="quiet">As ID:SECRET, or what stands behind “ApiKey”. It is kept until the browser is closed.</p>
        ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
        <button type="submit" class="primary">Sign in</button>
      </form>
    </${Dialog}>`;
}
