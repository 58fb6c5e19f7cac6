/** Dataset × backbone → store. */

export { embed, embedOptions, type EmbedOptions } from './embed.js';
export { assertFits, openJob, type EmbedJob, type JobOptions } from './job.js';
export type { Augment, MadeCopies } from './augment.js';
export { assertFewFailures } from './failures.js';
