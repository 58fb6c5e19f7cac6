/** Embedding on many machines, by a queue. */

export { embedByQueue, type EnqueueOptions } from './enqueue.js';
export { readRedisOptions, type QueueOptions } from './queue.js';
export { work, type OpenedJob, type WorkerOptions } from './worker.js';
