/** Dataset × backbone → store. */

export { assertFits, embed, embedOptions, type EmbedOptions } from './embed.js';
export type { Augment, MadeCopies } from './augment.js';
export { assertFewFailures } from './failures.js';
