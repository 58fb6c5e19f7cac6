/** The thread that trains: one job at a time, on rows that it shares with the others. */

import { parentPort } from 'node:worker_threads';
import { EquipoiseError, type ErrorCode } from '../core/errors.js';
import { runJob, type JobResult, type JobSpec } from './job.js';
import { openParts, type ComparedParts, type SharedParts } from './parts.js';

/** `parts` is given where they are not those of the job before. */
export type WorkerRequest =
  | {
      readonly kind: 'job';
      readonly spec: JobSpec;
      readonly parts: SharedParts | null;
      readonly threads: number | undefined;
    }
  | { readonly kind: 'abort' }
  | { readonly kind: 'close' };

export type WorkerReply =
  | { readonly result: JobResult }
  | { readonly code: ErrorCode | null; readonly message: string; readonly stack: string | undefined };

const port = parentPort;
if (port) {
  const stop = new AbortController();
  let parts: ComparedParts | undefined;
  port.on('message', (request: WorkerRequest) => {
    if (request.kind === 'abort') return stop.abort();
    if (request.kind === 'close') return port.close();
    if (request.parts) parts = openParts(request.parts);
    const { spec, threads } = request;
    runJob(parts as ComparedParts, spec, { signal: stop.signal, ...(threads !== undefined && { threads }) }).then(
      (result) => port.postMessage({ result } satisfies WorkerReply),
      (error: unknown) => {
        const { message, stack } = error instanceof Error ? error : new Error(String(error));
        const code = error instanceof EquipoiseError ? error.code : null;
        port.postMessage({ code, message, stack } satisfies WorkerReply);
      },
    );
  });
}
