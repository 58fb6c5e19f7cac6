/** Dataset × backbone → store. */

export { embed, embedOptions, type EmbedOptions } from './embed.js';
export { assertFits, batchOptions, openJob, type EmbedJob, type JobOptions } from './job.js';
export type { Augment, MadeCopies } from './augment.js';
export { assertFewFailures } from './failures.js';
export { embedShare, finishedStore, finishShared, shareOptions, type Share, type ShareOptions } from './share.js';
