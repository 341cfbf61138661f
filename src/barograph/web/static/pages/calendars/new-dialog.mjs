// Asks for a name and a description.
import { html, useState } from '../../lib/html.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Failed } from '../../parts/panel.mjs';

/** @param {{title: string, what: string, make: (id: string, description: string) => Promise<void>, close: () => void}} props */
export function NewDialog({ title, what, make, close }) {
  const [id, setId] = useState('');
  const [description, setDescription] = useState('');
  const [error, setError] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    try {
      await make(id.trim(), description.trim());
      close();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`
    <${Dialog} title=${title} close=${close}>
      <form class="dialog-text" onSubmit=${submit}>
        <label>Name<input value=${id} required maxlength="64" pattern="[a-z0-9]([a-z0-9_\\-]*[a-z0-9])?" title="lowercase letters, digits, hyphens and underscores"
          onInput=${(event) => setId(event.target.value)} /></label>
        <label>Description<input value=${description} maxlength="1000" onInput=${(event) => setDescription(event.target.value)} /></label>
        ${error && html`<${Failed} error=${error} />`}
        <footer class="dialog-end"><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary">Make the ${what}</button></footer>
      </form>
    </${Dialog}>`;
}
