/** Many jobs on several lanes: resumed, stopped and bounded in time. */

import { throwIfAborted } from '../core/errors.js';
import type { OnProgress } from '../core/progress.js';
import { defaultThreads } from '../kernels/index.js';
import type { TrainedHead } from '../train/index.js';
import type { JobFolder } from './folder.js';
import type { JobResult, JobSpec } from './job.js';
import { inlineLane, shareRows, workerLane } from './lanes.js';
import type { ComparedParts, Division } from './parts.js';

export interface Job {
  /** Names it, in its folder too. */
  readonly key: string;
  readonly title: string;
  readonly division: Division;
  readonly spec: JobSpec;
}

export interface RunJobsOptions {
  /** How many at a time; in this thread for one. */
  readonly jobs: number;
  readonly partsOf: (division: Division) => ComparedParts;
  readonly folder?: JobFolder | undefined;
  readonly threads?: number | undefined;
  /** No job is started later than this, but for those that `always` names. */
  readonly timeBudgetMs?: number | undefined;
  readonly always?: (job: Job) => boolean;
  /** Whether a failure is one of the job alone: then it is kept, and the others go on. */
  readonly keepFailure?: (error: unknown) => boolean;
  readonly onHead?: ((job: Job, head: TrainedHead) => void) | undefined;
  readonly stage: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface JobOutcomes {
  readonly results: ReadonlyMap<Job, JobResult>;
  readonly failures: ReadonlyMap<Job, Error>;
}

/** Parts of the divisions in use: jobs come division by division, so a few are enough. */
function remember(partsOf: (division: Division) => ComparedParts): (division: Division) => ComparedParts {
  const made = new Map<Division, ComparedParts>();
  return (division) => {
    let found = made.get(division);
    if (found === undefined) {
      if (made.size > 1) made.delete([...made.keys()][0] as Division);
      made.set(division, (found = partsOf(division)));
    }
    return found;
  };
}

/**
 * Runs jobs in their order, several at a time. A job is a function of its rows, options and seed, so the results do not depend on how many.
 * @throws the first error of a job that is not kept, once the others have stopped; ERR_ABORTED by the signal.
 */
export async function runJobs(list: readonly Job[], options: RunJobsOptions): Promise<JobOutcomes> {
  const { folder, timeBudgetMs = Infinity, always, keepFailure, onHead, stage, signal, onProgress } = options;
  throwIfAborted(signal, stage);
  const started = performance.now();
  const results = new Map<Job, JobResult>();
  const failures = new Map<Job, Error>();
  const waiting: Job[] = [];
  for (const job of list) {
    const found = await folder?.read(job.key);
    if (found) results.set(job, found);
    else waiting.push(job);
  }
  const tell = (message?: string) =>
    onProgress?.({ stage, done: results.size + failures.size, total: list.length, ...(message && { message }) });
  tell();

  const count = Math.max(1, Math.min(options.jobs, waiting.length));
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const partsOf = remember(count > 1 ? (division) => shareRows(options.partsOf(division)) : options.partsOf);
  let next = 0;
  let firstError: unknown;
  const threads = options.threads ?? (count > 1 ? Math.max(1, Math.floor(defaultThreads() / count)) : undefined);
  const work = async (): Promise<void> => {
    const context = { signal: stop.signal, ...(threads !== undefined && { threads }) };
    const lane = count > 1 ? workerLane(context) : inlineLane(context);
    try {
      while (!stop.signal.aborted) {
        const job = waiting[next++];
        if (job === undefined) break;
        if (performance.now() - started >= timeBudgetMs && !always?.(job)) continue;
        tell(job.title);
        const parts = partsOf(job.division);
        try {
          const result = await lane.run(parts, job.spec, onHead && ((head) => onHead(job, head)));
          await folder?.write(job.key, result);
          results.set(job, result);
        } catch (error) {
          if (!keepFailure?.(error)) throw error;
          failures.set(job, error as Error);
        }
        tell(job.title);
      }
    } catch (error) {
      firstError ??= error;
      stop.abort();
    } finally {
      await lane.close();
    }
  };
  try {
    await Promise.all(Array.from({ length: waiting.length === 0 ? 0 : count }, work));
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  throwIfAborted(signal, stage);
  if (firstError !== undefined) throw firstError as Error;
  return { results, failures };
}
