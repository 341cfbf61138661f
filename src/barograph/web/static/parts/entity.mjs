// Entities: a field and one of its values, with a way to look at it alone, or without it.
import { html } from '../lib/html.mjs';
import { visible } from '../lib/visible.mjs';
import { Icon } from './icon.mjs';

/** @typedef {{field: string, value: string}} Entity */
/** @typedef {{only: (field: string, value: string) => void, without: (field: string, value: string) => void}} EntityFilter */

/** @param {string} value @returns {string} what is shown of it: also an empty one is something, and so is what is hidden in it */
export const shownValue = (value) => (value === '' ? '(empty)' : visible(value));

/** @param {Record<string, any>} record @returns {Entity[]} the split values of its series */
export const entitiesOf = (record) => ['partition', 'by', 'over']
  .filter((role) => record[`${role}_field_name`] !== null && record[`${role}_field_value`] !== null)
  .map((role) => ({ field: record[`${role}_field_name`], value: record[`${role}_field_value`] }));

/** @param {Record<string, any>} record @returns {(Entity & {influence: number})[]} whom it blames, the strongest field first */
export const influencersOf = (record) => (record.influencers ?? []).flatMap((one) => one.influencer_field_values.map(
  (value, at) => ({ field: one.influencer_field_name, value, influence: one.influences[at] }),
));

/** Buttons that narrow what is shown to an entity, or leave it out. @param {Entity & {filter: EntityFilter}} props */
export const FilterButtons = ({ field, value, filter }) => html`
  <span class="filter-buttons">
    <button type="button" class="bare" aria-label=${`Only ${field} ${shownValue(value)}`} title=${`Only ${field} ${shownValue(value)}`}
      onClick=${() => filter.only(field, value)}><${Icon} name="plus" /></button>
    <button type="button" class="bare" aria-label=${`Without ${field} ${shownValue(value)}`} title=${`Without ${field} ${shownValue(value)}`}
      onClick=${() => filter.without(field, value)}><${Icon} name="minus" /></button>
  </span>`;

/** `host web-14` @param {Entity & {filter?: EntityFilter}} props */
export const EntityName = ({ field, value, filter }) => html`
  <span class="entity"><span class="quiet">${field}</span> <bdi class="entity-value">${shownValue(value)}</bdi>
    ${filter && html`<${FilterButtons} field=${field} value=${value} filter=${filter} />`}
  </span>`;
