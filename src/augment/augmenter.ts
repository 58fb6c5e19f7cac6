/** What an augmenter is: one item → more items of the same label. */

import type { Item, Modality } from '../core/item.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { Draws } from '../core/rng.js';

export interface AugmenterEntry<R extends OptionRules = OptionRules> extends Entry {
  readonly modality: Modality;
  readonly options: R;
  /** The options in brief, for a store to keep, where they may be long. */
  describe?(options: OptionsOf<R>): Readonly<Record<string, unknown>>;
  /** One altered content; `draws` belong to this item and copy alone. @throws ERR_DATA where the item cannot be read. */
  alter(content: Item['content'], options: OptionsOf<R>, draws: Draws): Promise<Item['content']>;
}

export function defineAugmenter<R extends OptionRules>(entry: AugmenterEntry<R>): AugmenterEntry<R> {
  return entry;
}
