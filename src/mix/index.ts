/** Label rules of mixed rows. Adding one is its file and a line here. */

import { lookUp } from '../core/registry.js';
import { hard } from './hard.js';
import { mamix } from './mamix.js';
import type { Mix, MixEntry } from './mix.js';
import { mixup } from './mixup.js';
import { remix } from './remix.js';

export const mixes = { hard, mixup, remix, mamix } as const;

export type MixName = keyof typeof mixes;

/** A rule by name; `mixes.remix(options)` is the same. @throws ERR_OPTION for an unknown name or option. */
export function createMix(name: string, options?: object): Mix {
  return (lookUp(mixes, 'mix', name, 'mixes') as MixEntry)(options);
}

export type { Mix, MixedRow, MixEntry } from './mix.js';
export { defineMix } from './mix.js';
