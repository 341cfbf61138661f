// Lists of values that rules refer to.
import { html, useState } from '../../lib/html.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { counted } from '../../lib/format.mjs';
import { Confirm, Dialog } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Menu } from '../../parts/menu.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';
import { NewDialog } from './new-dialog.mjs';

const SHOWN = 8;

/** All filters. */
export function Filters() {
  const query = useQuery('/filters');
  const [asks, setAsks] = useState(null);
  const { run, error, clear } = useTask();
  const make = async (filter_id, description) => {
    const made = await send('POST', '/filters', { filter_id, description: description || null });
    query.retry();
    setAsks({ kind: 'items', one: made });
  };
  const remove = () => run(async () => {
    await send('DELETE', `/filters/${encodeURIComponent(asks.one.filter_id)}`);
    setAsks(null);
    query.retry();
  });
  return html`
    <${Panel} title="Filters" query=${query} height=${100} empty=${query.data?.total === 0 && 'No filter yet: a list of values that rules of jobs refer to, such as hosts that are always odd.'}
      actions=${html`<button type="button" onClick=${() => setAsks({ kind: 'new' })}>New filter</button>`}>
      ${(found) => found && html`
        <table>
          <thead><tr><th>Filter</th><th>Values</th><th>Used by</th><th><span class="hidden-text">Actions</span></th></tr></thead>
          <tbody>${found.filters.map((one) => html`
            <tr key=${one.filter_id}>
              <td><strong>${one.filter_id}</strong>${one.description && html`<br /><small>${one.description}</small>`}</td>
              <td>${one.items.slice(0, SHOWN).join(', ')}${one.items.length > SHOWN ? ` and ${one.items.length - SHOWN} more` : one.items.length ? '' : html`<span class="quiet">none</span>`}</td>
              <td>${one.used_by.join(', ') || html`<span class="quiet">no job</span>`}</td>
              <td class="act"><${Menu} button=${html`<${Icon} name="more" />`} label=${`Actions of ${one.filter_id}`} buttonClass="bare" arrow=${false} items=${[
                { text: 'Change its values …', run: () => setAsks({ kind: 'items', one }) },
                { text: 'Delete …', danger: true, disabled: one.used_by.length ? `used by ${one.used_by.join(', ')}` : undefined, run: () => { clear(); setAsks({ kind: 'delete', one }); } },
              ]} /></td>
            </tr>`)}
          </tbody>
        </table>`}
    </${Panel}>
    ${asks?.kind === 'new' && html`<${NewDialog} title="New filter" what="filter" make=${make} close=${() => setAsks((now) => (now?.kind === 'new' ? null : now))} />`}
    ${asks?.kind === 'items' && html`<${Items} key=${asks.one.filter_id} filter=${asks.one} close=${() => setAsks(null)} saved=${query.retry} />`}
    ${asks?.kind === 'delete' && html`
      <${Confirm} title=${`Delete ${asks.one.filter_id}?`} does="Delete" close=${() => setAsks(null)} run=${remove}>
        <p>This removes the list of ${counted(asks.one.items.length, 'value')}.</p>${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}`;
}

function Items({ filter, close, saved }) {
  const [text, setText] = useState(filter.items.join('\n'));
  const { run, error } = useTask();
  const save = () => run(async () => {
    const items = [...new Set(text.split('\n').map((one) => one.trim()).filter(Boolean))];
    await send('PUT', `/filters/${encodeURIComponent(filter.filter_id)}`, { items });
    saved();
    close();
  });
  return html`
    <${Dialog} title=${`Values of ${filter.filter_id}`} close=${close} actions=${html`
      <button type="button" onClick=${close}>Cancel</button><button type="button" class="primary" onClick=${save}>Save</button>`}>
      <label>One a line; * at either end stands for any text<textarea rows="12" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
      ${error && html`<${Failed} error=${error} />`}
    </${Dialog}>`;
}
