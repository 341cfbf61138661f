// Making a job in three steps, with what it would find beside them.
import { html, useEffect } from '../lib/html.mjs';
import { choice, get, go, href } from '../lib/url.mjs';
import { fetchOnce } from '../lib/api.mjs';
import { allJobs } from '../lib/live.mjs';
import { draftZone } from '../lib/range.mjs';
import { freeId } from './jobs/start.mjs';
import { begin, config, draft, forget, lookAgain, seen } from './wizard/draft.mjs';
import { KINDS, asKind, kindOf, usable } from './wizard/kinds.mjs';
import { useTrials } from './wizard/trial.mjs';
import { Data } from './wizard/data.mjs';
import { Fields } from './wizard/fields.mjs';
import { Advanced } from './wizard/advanced.mjs';
import { Check } from './wizard/check.mjs';
import { Preview } from './wizard/preview.mjs';

const STEPS = [['data', 'Data'], ['fields', 'What to look at'], ['check', 'Name and start']];

/** The page. */
export default function Wizard() {
  useDraft();
  useTrials();
  useZone(config.value.time_zone ?? 'UTC');
  const kind = choice('kind', KINDS.map(([name]) => name)) ?? kindOf(config.value);
  useKind(kind);
  const step = choice('step', STEPS.map(([name]) => name)) ?? 'data';
  return html`
    <div class="page wizard">
      <div class="page-head">
        <div><p class="crumb"><a href=${href('/jobs', {}, { keep: ['tz', 'theme'] })}>Jobs</a></p><h1>New job</h1></div>
        <div class="page-actions">${(draft.value.uploadId || config.value.job_id) && html`<button type="button" onClick=${startOver}>Start over</button>`}</div>
      </div>
      <ol class="steps">${STEPS.map(([name, text], index) => html`
        <li aria-current=${name === step ? 'step' : undefined}><a href=${href(undefined, { step: name })}><span>${index + 1}</span>${text}</a></li>`)}</ol>
      ${step === 'fields' && html`<${Kinds} kind=${kind} />`}
      <div class=${seen.value && step !== 'data' ? 'columns' : 'columns alone'}>
        <div class="form">
          ${step === 'data' && html`<${Data} next=${html`<${Next} to="fields" text="Next: what to look at" />`} />`}
          ${step === 'fields' && kind !== 'advanced' && html`<${Fields} kind=${kind} next=${html`<${Next} to="check" text="Next: name and start" />`} />`}
          ${step === 'fields' && kind === 'advanced' && html`<${Advanced} next=${html`<${Next} to="check" text="Next: name and start" />`} />`}
          ${step === 'check' && html`<${Check} />`}
        </div>
        ${step !== 'data' && html`<${Preview} />`}
      </div>
    </div>`;
}

const Next = ({ to, text }) => html`<button type="button" class="primary" onClick=${() => go({ set: { step: to } })}>${text}</button>`;

function startOver() {
  forget();
  go({ set: { step: null, upload: null, copy: null, kind: null } });
}

/** The draft that the URL asks for: of an upload, of another job, or the one that the browser has kept. */
function useDraft() {
  const [upload, copy] = [get('upload'), get('copy')];
  useEffect(() => {
    (async () => {
      if (upload !== null && upload !== draft.peek().uploadId) {
        const found = await lookAgain(upload);
        if (found) begin(found, found.config && freeId(found.config.job_id, allJobs.peek() ?? []));
      } else if (copy !== null && !config.peek().job_id.startsWith(copy)) {
        const { config: of } = await fetchOnce(`/jobs/${encodeURIComponent(copy)}`);
        draft.value = { ...draft.peek(), config: { ...of, job_id: freeId(copy, allJobs.peek() ?? []) } };
      } else if (draft.peek().uploadId !== null) {
        await lookAgain(draft.peek().uploadId);
      }
    })();
  }, [upload, copy]);
}

/** A file that comes while a kind is chosen is looked at as that kind. */
function useKind(kind) {
  useEffect(() => {
    const { config: whole, spare } = draft.peek();
    const has = kindOf(whole);
    if (kind !== 'advanced' && has !== kind && has !== 'advanced' && seen.peek()) {
      draft.value = { ...draft.peek(), config: asKind(kind, whole, usable(has, whole, spare)) };
    }
  }, [seen.value?.upload_id]);
}

/** Times are shown in the zone that the job will have, whatever those of others are. */
function useZone(name) {
  useEffect(() => {
    draftZone.value = name;
    return () => { draftZone.value = null; };
  }, [name]);
}

function Kinds({ kind }) {
  const choose = (name) => {
    const { config: whole, spare } = draft.peek();
    const kept = usable(kind, whole, spare);
    draft.value = { ...draft.peek(), spare: kept, config: name === 'advanced' ? whole : asKind(name, whole, kept) };
    go({ set: { kind: name } });
  };
  return html`
    <div class="segments kinds" role="group" aria-label="Kind of job">
      ${KINDS.map(([name, text]) => html`<button type="button" aria-pressed=${String(kind === name)} onClick=${() => choose(name)}>${text}</button>`)}
    </div>`;
}
