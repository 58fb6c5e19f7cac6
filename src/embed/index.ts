/** Dataset × backbone → store. */

export { embed, embedOptions, type EmbedOptions } from './embed.js';
