// Who is to blame in what is selected, and how they were in the rest of the time.
import { html, useState } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, number, score } from '../../lib/format.mjs';
import { useVersion } from '../../lib/live.mjs';
import { jobIds, range } from '../../lib/range.mjs';
import { word } from '../../lib/scales.mjs';
import { FilterButtons, shownValue } from '../../parts/entity.mjs';
import { Panel } from '../../parts/panel.mjs';
import { WAITING, asked, entityFilter, filter, isSelected, lanes, selected } from './state.mjs';

const FEW = 10;
const MORE = 100;

/** @param {{by: string | null}} props */
export function Influencers({ by }) {
  const [size, setSize] = useState(FEW);
  const [order, setOrder] = useState('max');
  const version = useVersion(jobIds.value);
  const inside = selected.value === null ? {} : { sel_from: selected.value[0], sel_to: selected.value[1] };
  const of = lanes.value.length > 0 ? { by, lane: lanes.value } : {};
  const ready = range.value !== null && by !== null;
  const query = useQuery(ready ? `/influencers${params({ ...asked(), ...inside, ...of, size, sort: order === 'max' ? null : order })}` : null, { deps: [version] });
  const highest = order === 'max' ? 100 : Math.max(1, ...(query.data?.fields ?? []).flatMap((one) => one.values.map((value) => value.sum)));
  return html`
    <${Panel} title="Influencers" class="influencers" query=${ready ? query : WAITING} height=${240} empty=${empty(query)} actions=${html`
      <div class="segments" role="group" aria-label="Order of influencers">
        ${['max', 'sum'].map((one) => html`<button type="button" aria-pressed=${String(order === one)} onClick=${() => setOrder(one)}>${one}</button>`)}
      </div>`}>
      ${(data) => html`
        ${data.fields.map((field) => html`
          <section class="influencer-field" key=${field.field}>
            <h3>${field.field}</h3>
            <ul>${field.values.map((one) => html`
              <${Influencer} key=${one.value} field=${field.field} one=${one} order=${order} highest=${highest} />`)}</ul>
            ${field.total > field.values.length && (size < MORE
              ? html`<button type="button" class="link" onClick=${() => setSize(MORE)}>${count(field.total - field.values.length)} more</button>`
              : html`<p class="quiet">and ${count(field.total - field.values.length)} more, which the lanes have</p>`)}
          </section>`)}
        <p class="quiet influencer-note">${isSelected.value ? 'Bar: in the selection; outline: in the rest of the time.' : 'Bar: highest score. Number on the right: sum.'}</p>`}
    </${Panel}>`;
}

function empty(query) {
  if (query.data === undefined || query.data.total > 0) return null;
  return filter.value || isSelected.value ? 'Nobody is to blame for what is shown.' : 'Nobody was to blame in this time.';
}

function Influencer({ field, one, order, highest }) {
  const share = (value) => `${Math.min(100, (100 * value) / highest)}%`;
  const rest = one[`rest_${order}`];
  const text = `${field} ${shownValue(one.value)}: highest ${score(one.max)}, sum ${number(Math.round(one.sum))}`;
  return html`
    <li class="influencer" title=${`${text}; in the rest of the time highest ${score(one.rest_max)}, sum ${number(Math.round(one.rest_sum))}`}
      data-value=${one.value} data-max=${one.max} data-sum=${one.sum}>
      <span class="influencer-name">${shownValue(one.value)}</span>
      <${FilterButtons} field=${field} value=${one.value} filter=${entityFilter} />
      <span class="influencer-max"><span class="hidden-text">highest </span>${score(one.max)}<span class="hidden-text"> ${word(one.max)}</span></span>
      <span class="influencer-sum quiet"><span class="hidden-text">sum </span>${count(Math.round(one.sum))}</span>
      <span class="influencer-bars" aria-hidden="true">
        <span class=${`bar ${word(one.max)}`} style=${{ width: share(one[order]) }} />
        ${isSelected.value && rest > 0 && html`<span class="bar-rest" style=${{ width: share(rest) }} />`}
      </span>
    </li>`;
}
