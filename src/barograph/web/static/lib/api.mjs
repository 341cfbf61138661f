// Asking the server: what is superseded is aborted, and what was shown stays until something newer has come.
import { signal, useState, useEffect, useRef, useCallback } from './html.mjs';

const API = '/api/v1';
const LOADING_SHOWN_AFTER_MS = 200;

/** True when the server wants a key that it was not given; the shell then asks for one. */
export const keyWanted = signal(false);
/** Counts sign-ins: every query is asked anew after one. */
export const signIns = signal(0);

/** @typedef {{code: string, message: string, hint: string, request_id: string}} Failure */
/** @typedef {{data: any, error: Failure | null, loading: boolean, pending: boolean, stale: boolean, retry: () => void}} Query */

/**
 * What a call of the API gives.
 * @param {string | null} url below /api/v1, as `/lanes?by=job`; null asks nothing
 * @param {{deps?: any[]}} [options] ask again when one of these changes
 * @returns {Query} `pending` from the moment it is asked; `loading` when that takes long enough to show; `stale` while `data`
 *   is of an earlier URL
 */
export function useQuery(url, { deps = [] } = {}) {
  const [state, setState] = useState({ data: undefined, error: null, of: null });
  const [loading, setLoading] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const asked = JSON.stringify([url, deps, attempt, signIns.value]);
  const current = useRef(asked);
  current.current = asked;
  useEffect(() => {
    if (url === null) return undefined;
    const abort = new AbortController();
    const slow = setTimeout(() => setLoading(true), LOADING_SHOWN_AFTER_MS);
    ask('GET', url, undefined, abort.signal).then(
      (data) => setState({ data, error: null, of: asked, url }),
      (error) => { if (!abort.signal.aborted) setState((was) => ({ ...was, error, of: asked })); },
    ).finally(() => {
      clearTimeout(slow);
      if (current.current === asked) setLoading(false);
    });
    return () => {
      clearTimeout(slow);
      abort.abort();
    };
  }, [asked]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  const pending = url !== null && state.of !== asked;
  return {
    data: url === null ? undefined : state.data,
    error: pending || url === null ? null : state.error,
    loading: loading && pending,
    pending,
    stale: state.data !== undefined && state.url !== url,
    retry,
  };
}

/**
 * Have the server change something.
 * @param {'POST' | 'PUT' | 'DELETE'} method @param {string} url below /api/v1 @param {any} [body] a document, or a Blob
 * @returns {Promise<any>} the answer
 * @throws {Failure}
 */
export const send = (method, url, body) => ask(method, url, body);

/**
 * Something that can fail, done because somebody wants it.
 * @returns {{run: (task: () => Promise<void>) => Promise<boolean>, error: Failure | null, busy: boolean, clear: () => void}}
 *   `run` tells whether it went well; `error` is what the last one failed with, until the next begins or it is cleared
 */
export function useTask() {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async (task) => {
    setBusy(true);
    setError(null);
    try {
      await task();
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, error, busy, clear: () => setError(null) };
}

/**
 * Ask once, without a component.
 * @param {string} url below /api/v1 @param {AbortSignal} [abort]
 * @throws {Failure}
 */
export const fetchOnce = (url, abort) => ask('GET', url, undefined, abort);

async function ask(method, url, body, abort) {
  const isFile = body instanceof Blob;
  let response;
  try {
    response = await fetch(API + url, {
      method,
      body: body === undefined || isFile ? body : JSON.stringify(body),
      headers: body === undefined || isFile ? {} : { 'Content-Type': 'application/json' },
      signal: abort,
    });
  } catch (error) {
    throw { code: 'unreachable', message: 'The server does not answer.', hint: String(error.message), request_id: '' };
  }
  if (response.status === 401 && url !== '/session') keyWanted.value = true;
  if (!response.ok) throw await failureOf(response);
  return response.status === 204 ? null : response.json();
}

async function failureOf(response) {
  const id = response.headers.get('x-request-id') ?? '';
  try {
    const told = await response.json();
    if (typeof told.message === 'string') return told;
  } catch {
    // Not one of ours: a proxy on the way has answered.
  }
  return { code: 'failed', message: `The server answered ${response.status}.`, hint: '', request_id: id };
}

/** The query part of a call: `params({job: ['a'], from: 1, q: null})` is `?job=a&from=1`. */
export function params(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const one of value === null || value === undefined ? [] : [value].flat()) query.append(key, String(one));
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}
