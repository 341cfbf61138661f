// From a file to a running job: what several places do the same way.
import { params, send, fetchOnce } from '../../lib/api.mjs';
import { loadJobs } from '../../lib/live.mjs';

/** Files that are rows. @param {DataTransfer | null} transfer @returns {File | null} the first of them */
export const fileOf = (transfer) => transfer?.files?.[0] ?? null;

/**
 * Upload a file and look at it.
 * @param {File} file
 * @returns {Promise<any>} what `/uploads/{upload_id}` tells
 * @throws {import('../../lib/api.mjs').Failure}
 */
export async function uploaded(file) {
  const kept = await send('POST', `/uploads${params({ name: file.name })}`, file);
  return fetchOnce(`/uploads/${kept.upload_id}`);
}

/**
 * Make a job of settings, and give it the rows of an upload.
 * @param {any} config @param {string | null} uploadId null makes it without rows
 * @param {(step: string) => void} [tell] told what is being done
 * @returns {Promise<any>} what came of the rows; null without any
 * @throws {import('../../lib/api.mjs').Failure}
 */
export async function started(config, uploadId, tell = () => {}) {
  tell('Making the job …');
  await send('POST', '/jobs', { config });
  await loadJobs();
  if (uploadId === null) return null;
  tell('Reading the rows …');
  try {
    return await send('POST', `/jobs/${encodeURIComponent(config.job_id)}/feed`, { upload_id: uploadId });
  } catch (failure) {
    await send('DELETE', `/jobs/${encodeURIComponent(config.job_id)}${params({ force: true })}`).catch(() => {});
    throw failure;
  } finally {
    await loadJobs();
  }
}

/** An id like a wanted one that no job has. @param {string} wanted @param {Array<{job_id: string}>} jobs */
export function freeId(wanted, jobs) {
  const taken = new Set(jobs.map((job) => job.job_id));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const id = `${wanted.slice(0, 60)}-${number}`;
    if (!taken.has(id)) return id;
  }
}
