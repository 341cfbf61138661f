// The first step: the file, and which of its columns has the time.
import { html, useState } from '../../lib/html.mjs';
import { allJobs } from '../../lib/live.mjs';
import { count, counted, interval, number } from '../../lib/format.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Failed } from '../../parts/panel.mjs';
import { fileOf, freeId, uploaded } from '../jobs/start.mjs';
import { pickFile } from '../jobs/actions.mjs';
import { bytes } from '../jobs/words.mjs';
import { begin, config, seen, seenError, set } from './draft.mjs';
import { Field } from './field.mjs';

const KINDS = { time: 'time', number: 'numbers', text: 'text', empty: 'empty' };

/** @param {{next: any}} props next: the button that goes on */
export function Data({ next }) {
  const [busy, setBusy] = useState(null);
  const [error, setError] = useState(null);
  const take = async (file) => {
    if (!file) return;
    setBusy(file.name);
    setError(null);
    try {
      const found = await uploaded(file);
      begin(found, found.config && freeId(found.config.job_id, allJobs.peek() ?? []));
    } catch (failure) {
      setError(failure);
    }
    setBusy(null);
  };
  return html`
    <div class="step" aria-busy=${String(busy !== null)}>
      ${!seen.value && !busy && html`<${Drop} take=${take} />`}
      ${busy && html`<p role="status">Reading ${busy} …</p>`}
      ${error && html`<${Failed} error=${error} />`}
      ${seenError.value && !seen.value && html`<p class="quiet" role="status">The file of this draft is no longer kept: ${seenError.value.message}</p>`}
      ${seen.value && !busy && html`<${Found} found=${seen.value} take=${take} />`}
      <div class="step-end">
        ${!seen.value && html`<p class="quiet">Without a file, rows come later: from programs, or from a datafeed.</p>`}
        ${next}
      </div>
    </div>`;
}

function Drop({ take }) {
  const drop = (event) => { event.preventDefault(); take(fileOf(event.dataTransfer)); };
  return html`
    <div class="drop" onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
      <${Icon} name="upload" />
      <p><strong>Drop a file here</strong></p>
      <p class="quiet">CSV, TSV, NDJSON, JSON or Parquet, also packed with gzip or Zstandard</p>
      <button type="button" onClick=${() => pickFile(take)}>Choose a file</button>
    </div>`;
}

function Found({ found, take }) {
  return html`
    <div class="found-head">
      <div>
        <h2>${found.name}</h2>
        <p class="quiet">${bytes(found.bytes)}, ${found.whole ? '' : 'the first '}${counted(found.rows, 'row')}${found.time ? html`, ${interval(found.time.start_ms, found.time.end_ms, found.config?.time_zone ?? 'UTC')}` : ''}</p>
        ${found.malformed > 0 && html`<p class="wrong">${counted(found.malformed, 'row')} none of its format</p>`}
      </div>
      <button type="button" onClick=${() => pickFile(take)}>Another file</button>
    </div>
    <${Time} found=${found} />
    <div class="table-scroll">
      <table class="columns-seen">
        <thead><tr><th>Column</th><th>Holds</th><th class="number">Different values</th><th class="number">Missing</th><th>Such as</th></tr></thead>
        <tbody>${found.columns.map((column) => html`
          <tr>
            <td><strong>${column.name}</strong></td>
            <td>${KINDS[column.kind]}${column.least !== null ? html` <span class="quiet">${number(column.least)} to ${number(column.greatest)}</span>` : ''}</td>
            <td class="number">${count(column.distinct)}</td>
            <td class="number">${column.missing > 0 ? `${number(100 * column.missing)} %` : ''}</td>
            <td class="such cut" title=${column.examples.join(', ')}>${column.examples.slice(0, 3).join(', ')}</td>
          </tr>`)}
        </tbody>
      </table>
    </div>
    <details>
      <summary>First rows</summary>
      <div class="table-scroll" tabindex="0" role="region" aria-label="First rows">
        <table class="first-rows">
          <thead><tr>${found.columns.map((column) => html`<th>${column.name}</th>`)}</tr></thead>
          <tbody>${found.sample.map((row) => html`<tr>${found.columns.map((column) => html`<td>${row[column.name]}</td>`)}</tr>`)}</tbody>
        </table>
      </div>
    </details>`;
}

function Time({ found }) {
  const { time_field: name, time_format: format = 'auto' } = config.value.data_description ?? {};
  const formats = [...new Set([found.time?.time_format, found.time?.also, 'auto', 'epoch', 'epoch_ms', 'iso8601', format].filter(Boolean))];
  return html`
    <div class="fields three">
      <${Field} label="Time" path="data_description.time_field" hint=${found.time?.name === name ? `${found.time.reason}` : undefined}>
        ${(props) => html`<select ...${props} value=${name} onChange=${(event) => set('data_description.time_field', event.target.value)}>
          ${!found.columns.some((one) => one.name === name) && html`<option value=${name}>${name || 'choose one'}</option>`}
          ${found.columns.map((one) => html`<option value=${one.name}>${one.name}</option>`)}
        </select>`}
      </${Field}>
      <${Field} label="Written as" path="data_description.time_format" hint=${found.time?.also ? `${found.time.also} reads it as well: day and month cannot be told apart` : undefined}>
        ${(props) => html`<input ...${props} list="time-formats" value=${format} onChange=${(event) => set('data_description.time_format', event.target.value.trim() || 'auto')} />
          <datalist id="time-formats">${formats.map((one) => html`<option value=${one} />`)}</datalist>`}
      </${Field}>
      <${Field} label="Time zone" path="time_zone" hint="Of times without one, and of days and weeks">
        ${(props) => html`<input ...${props} list="zones" value=${config.value.time_zone ?? 'UTC'} onChange=${(event) => set('time_zone', event.target.value.trim() || undefined)} />
          <datalist id="zones">${Intl.supportedValuesOf('timeZone').map((one) => html`<option value=${one} />`)}</datalist>`}
      </${Field}>
    </div>`;
}
