/** Where jobs run: this thread, or several worker threads. */

import { Worker } from 'node:worker_threads';
import { EquipoiseError } from '../core/errors.js';
import { runJob, type JobContext, type JobResult, type JobSpec } from './job.js';
import { openParts, shareParts, type ComparedParts, type SharedParts } from './parts.js';
import type { WorkerReply, WorkerRequest } from './worker.js';

/** Does one job after the other. */
export interface Lane {
  run(parts: ComparedParts, spec: JobSpec, onHead?: JobContext['onHead']): Promise<JobResult>;
  close(): Promise<void>;
}

/** In this thread: for what cannot cross to another one. */
export function inlineLane({ threads, signal }: JobContext): Lane {
  return {
    run: (parts, spec, onHead) =>
      runJob(parts, spec, {
        ...(threads !== undefined && { threads }),
        ...(signal && { signal }),
        ...(onHead && { onHead }),
      }),
    close: async () => {},
  };
}

const sharedForm = new WeakMap<ComparedParts, SharedParts>();
/** By the parts they were made of: those made beforehand serve every seed. */
const alreadyShared = new WeakMap<ComparedParts, ComparedParts>();

/** The same parts with their numbers in memory that threads share, so that none has a copy of its own. */
export function shareRows(parts: ComparedParts): ComparedParts {
  const known = alreadyShared.get(parts);
  if (known) return known;
  const shared = shareParts(parts);
  const opened = openParts(shared);
  sharedForm.set(opened, shared);
  alreadyShared.set(parts, opened);
  return opened;
}

/** The program's own flags, but for the one that says what the text after `--eval` is: the worker is a file. */
const workerFlags = (flags: readonly string[]) =>
  flags.filter((flag, i) => !flag.startsWith('--input-type') && flags[i - 1] !== '--input-type');

/** In a worker thread, for parts from `shareRows`; labels and names are copied to it once for each division. */
export function workerLane({ threads, signal }: Omit<JobContext, 'onHead'>): Lane {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: workerFlags(process.execArgv) });
  const send = (request: WorkerRequest) => worker.postMessage(request);
  const abort = () => send({ kind: 'abort' });
  signal?.addEventListener('abort', abort, { once: true });
  let held: ComparedParts | undefined;
  let settle: ((reply: WorkerReply) => void) | undefined;
  const fail = (message: string, stack?: string) => settle?.({ code: 'ERR_ENVIRONMENT', message, stack });
  worker.on('message', (reply: WorkerReply) => settle?.(reply));
  worker.on('error', (error) =>
    fail(
      `A thread that trains stopped: ${error.message}. With jobs: 1 training needs no thread of its own`,
      error.stack,
    ),
  );
  const ended = new Promise<void>((resolve) =>
    worker.once('exit', (code) => {
      fail(`A thread that trains ended (exit code ${code}). Ask for fewer jobs where memory is short`);
      resolve();
    }),
  );
  return {
    async run(parts, spec) {
      const reply = await new Promise<WorkerReply>((resolve) => {
        settle = resolve;
        send({
          kind: 'job',
          spec,
          parts: parts === held ? null : (sharedForm.get(parts) ?? shareParts(parts)),
          threads,
        });
      });
      held = parts;
      if ('result' in reply) return reply.result;
      const { code, message, stack } = reply;
      const error = code === null ? new Error(message) : new EquipoiseError(code, message);
      if (stack !== undefined) error.stack = stack;
      throw error;
    },
    async close() {
      signal?.removeEventListener('abort', abort);
      send({ kind: 'close' });
      await ended;
    },
  };
}

/** Whether a value survives the way to another thread. */
export function canCross(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
