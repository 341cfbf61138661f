// The rules, each with what it gave.
import { html } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { count } from '../../lib/format.mjs';
import { Counters, rulePath } from '../../parts/alert.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';
import { isMuted, ruleWords } from '../rule/words.mjs';

/** @param {{query: import('../../lib/api.mjs').Query}} props of `/rules` */
export const Rules = ({ query }) => html`
  <${Panel} title=${html`Rules ${query.data && html`<span class="quiet">${count(query.data.total)}</span>`}`} query=${query} height=${120}
    empty=${query.data?.total === 0 && html`<p>No rule yet${query.data ? ', so nobody is told of anything' : ''}.</p>`}>
    ${(found) => found && html`<ul class="rule-list">${found.rules.map((rule) => html`<${Rule} key=${rule.rule_id} rule=${rule} />`)}</ul>`}
  </${Panel}>`;

const Rule = ({ rule }) => html`
  <li>
    <p><a href=${href(rulePath(rule.rule_id))}><strong>${rule.rule_id}</strong></a>
      ${!rule.enabled && html` <span class="badge">off</span>`}${isMuted(rule) && html` <span class="badge">muted</span>`}</p>
    <small>${ruleWords(rule)}</small>
    <small><${Counters} counts=${rule.counts} /></small>
    ${rule.over_budget && html`<p class="over-budget"><${Icon} name="warning" /><small>${rule.over_budget}</small></p>`}
  </li>`;
