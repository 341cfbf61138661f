// What comes next: forecasts are begun, watched, stopped, shown and removed.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { get, go } from '../../lib/url.mjs';
import { fetchOnce, send, useQuery } from '../../lib/api.mjs';
import { ago, count, counted, interval, number, time } from '../../lib/format.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Failed } from '../../parts/panel.mjs';

const POLL_MS = 250;
const LENGTHS = [['1h', '1 hour'], ['12h', '12 hours'], ['1d', '1 day'], ['7d', '1 week'], ['30d', '30 days']];
const EXPIRY = [['1d', '1 day'], ['14d', '2 weeks'], ['90d', '90 days'], ['0', 'with the job']];

/** @param {{job: any, series: any, close: () => void, changed: () => void}} props */
export function ForecastDialog({ job, series, close, changed }) {
  const [version, setVersion] = useState(0);
  const list = useQuery(`${series.base}/forecasts`, { deps: [version] });
  const [begun, setBegun] = useState(null);
  const [error, setError] = useState(null);
  const again = () => { setVersion((one) => one + 1); changed(); };
  const show = (id) => { go({ set: { fc: id, zoom: null } }); changed(); close(); };
  const begin = async (asked) => {
    setError(null);
    try {
      setBegun(await send('POST', `${series.base}/forecasts`, asked));
    } catch (failure) {
      setError(failure);
    }
  };
  const remove = async (id) => {
    setError(null);
    try {
      await send('DELETE', `${series.base}/forecasts/${id}`);
      if (get('fc') === id) go({ set: { fc: null } });
    } catch (failure) {
      setError(failure);
    }
    setBegun(null);
    again();
  };
  return html`
    <${Dialog} title="Forecast" close=${close} wide>
      ${begun === null
        ? html`<${Ask} job=${job} series=${series} begin=${begin} />`
        : html`<${Progress} series=${series} run=${begun} done=${show} stop=${() => remove(begun.forecast_id)} />`}
      ${error && html`<${Failed} error=${error} />`}
      <${Earlier} list=${list.data?.forecasts ?? []} failed=${list.error} show=${show} remove=${remove} />
    </${Dialog}>`;
}

function Ask({ job, series, begin }) {
  const [length, setLength] = useState('1d');
  const [expiry, setExpiry] = useState('14d');
  const entity = Object.entries(series.detector.fields).map(([role, field]) => `${field}=${series.values[role]}`);
  const [all, setAll] = useState(false);
  return html`
    <form class="forecast-ask" onSubmit=${(event) => { event.preventDefault(); begin({ duration: length.trim(), expires_in: expiry, entity: all ? [] : entity }); }}>
      <label>How far after ${time(job.latest_bucket === null ? null : job.latest_bucket + job.bucket_span_ms)}
        <input value=${length} onInput=${(event) => setLength(event.target.value)} list="forecast-lengths" aria-describedby="forecast-length-hint" />
      </label>
      <datalist id="forecast-lengths">${LENGTHS.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</datalist>
      <div class="segments" role="group" aria-label="Usual lengths">
        ${LENGTHS.map(([value, text]) => html`<button key=${value} type="button" aria-pressed=${String(length === value)} onClick=${() => setLength(value)}>${text}</button>`)}
      </div>
      <small id="forecast-length-hint">Such as 36h or 14d; at most 3650d.</small>
      <label>Keep it for
        <select value=${expiry} onChange=${(event) => setExpiry(event.target.value)}>
          ${EXPIRY.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>
      </label>
      ${entity.length > 0 && html`
        <label class="check"><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} /> All series of the job, not this one alone</label>`}
      <button type="submit" class="primary" disabled=${!length.trim()}>Forecast</button>
    </form>`;
}

function Progress({ series, run, done, stop }) {
  const [now, setNow] = useState(run);
  useEffect(() => {
    let timer = 0;
    const abort = new AbortController();
    const look = async () => {
      try {
        const { forecasts } = await fetchOnce(`${series.base}/forecasts`, abort.signal);
        const found = forecasts.find((one) => one.forecast_id === run.forecast_id);
        if (found?.state === 'finished') { done(run.forecast_id); return; }
        setNow(found ?? { ...run, state: 'failed', failure: 'It is no longer there.' });
        if (!found || found.state === 'failed') return;
      } catch (failure) {
        if (abort.signal.aborted) return;
        setNow((was) => ({ ...was, failure: failure.message }));
      }
      timer = setTimeout(look, POLL_MS);
    };
    look();
    return () => { clearTimeout(timer); abort.abort(); };
  }, [run.forecast_id]);
  const failed = now.state === 'failed';
  return html`
    <div class="forecast-progress" role="status">
      ${failed
        ? html`<p class="wrong">The forecast failed: ${now.failure}</p>`
        : html`
          <label>${now.state === 'waiting' ? 'Waiting for another forecast' : 'Forecasting'} <progress max="1" value=${now.progress} /></label>
          ${now.failure && html`<p class="wrong">${now.failure}</p>`}`}
      <button type="button" onClick=${stop}>${failed ? 'Forget it' : 'Cancel'}</button>
    </div>`;
}

function Earlier({ list, failed, show, remove }) {
  const kept = list.filter((one) => one.state !== 'running' && one.state !== 'waiting').reverse();
  if (failed) return html`<${Failed} error=${failed} />`;
  if (kept.length === 0) return html`<p class="quiet">There are no earlier forecasts.</p>`;
  return html`
    <div class="table-scroll">
      <table>
        <caption class="hidden-text">Earlier forecasts</caption>
        <thead><tr><th>Made</th><th>Of</th><th class="number">Series</th><th>Expires</th><th><span class="hidden-text">Actions</span></th></tr></thead>
        <tbody>
          ${kept.map((one) => html`
            <tr key=${one.forecast_id}>
              <td>${ago(one.create_time)}</td>
              <td>${one.state === 'failed' ? html`<span class="wrong">Failed: ${one.failure}</span>` : interval(one.start, one.end)}</td>
              <td class="number">${one.series === null ? '' : count(one.series)}</td>
              <td>${one.state === 'failed' ? '' : one.expiry_time === null ? 'with the job' : time(one.expiry_time, { precision: 'day' })}</td>
              <td class="row-actions">
                ${one.state === 'finished' && html`<button type="button" onClick=${() => show(one.forecast_id)}>Show</button>`}
                <button type="button" class="bare" aria-label=${`Remove the forecast made ${time(one.create_time)}`} onClick=${() => remove(one.forecast_id)}><${Icon} name="trash" /></button>
              </td>
            </tr>`)}
        </tbody>
      </table>
    </div>`;
}

/** How far the forecast that is shown was off. @param {{forecast: any}} props */
export function ForecastSaid({ forecast }) {
  const hide = html`<button type="button" class="link" onClick=${() => go({ set: { fc: null } })}>Hide the forecast</button>`;
  if (forecast.error) return html`<p class="forecast-said"><span class="wrong">${forecast.error.message}</span> ${hide}</p>`;
  if (!forecast.data) return null;
  const { error } = forecast.data;
  return html`
    <p class="forecast-said">
      <i class="line-key forecast" />
      ${error === null
        ? 'Forecast: nothing has come for it yet.'
        : `Forecast: off by ${number(error.mean_absolute)} on average${error.of_mean === null ? '' : ` (${number(100 * error.of_mean)} %)`} over ${counted(error.buckets, 'bucket')}; ${number(100 * error.inside)} % inside bounds for ${number(error.percentile)} %.`}
      ${hide}
    </p>`;
}
