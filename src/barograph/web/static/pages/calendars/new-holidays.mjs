// Public holidays to plan.
import { html, useState } from '../../lib/html.mjs';
import { counted } from '../../lib/format.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Failed } from '../../parts/panel.mjs';

const YEARS = 50;

/** @param {{add: (asked: object) => Promise<{total: number}>, close: () => void}} props */
export function NewHolidays({ add, close }) {
  const year = new Date().getFullYear();
  const [country, setCountry] = useState('');
  const [subdivision, setSubdivision] = useState('');
  const [first, setFirst] = useState(year);
  const [last, setLast] = useState(year + 1);
  const [zone, setZone] = useState('');
  const [told, setTold] = useState(null);
  const [error, setError] = useState(null);
  const years = last >= first && last - first < YEARS ? Array.from({ length: last - first + 1 }, (_, at) => first + at) : [];
  const submit = async (event) => {
    event.preventDefault();
    setError(null);
    try {
      const added = await add({ country: country.trim(), subdivision: subdivision.trim() || null, years, time_zone: zone.trim() || null });
      if (added.total) close();
      else setTold('All of them are planned already.');
    } catch (failure) {
      setError(failure);
    }
  };
  return html`
    <${Dialog} title="Public holidays" close=${close}>
      <form class="dialog-text" onSubmit=${submit}>
        <div class="fields two">
          <label>Country<input value=${country} required maxlength="100" placeholder="DE" onInput=${(event) => setCountry(event.target.value)} /></label>
          <label>Part of it<input value=${subdivision} maxlength="100" placeholder="all of it" onInput=${(event) => setSubdivision(event.target.value)} /></label>
          <label>First year<input type="number" required min="1970" max="2100" value=${first} onInput=${(event) => setFirst(event.target.valueAsNumber)} /></label>
          <label>Last year<input type="number" required min="1970" max="2100" value=${last} onInput=${(event) => setLast(event.target.valueAsNumber)} /></label>
        </div>
        <label>Time zone of the days<input value=${zone} maxlength="100" placeholder="that of the calendar's jobs" onInput=${(event) => setZone(event.target.value)} /></label>
        ${years.length === 0 && html`<p class="wrong">Wanted a last year that is not before the first, and ${counted(YEARS, 'year')} at most</p>`}
        ${told && html`<p class="quiet" role="status">${told}</p>`}
        ${error && html`<${Failed} error=${error} />`}
        <footer class="dialog-end"><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary" disabled=${years.length === 0}>Plan them</button></footer>
      </form>
    </${Dialog}>`;
}
