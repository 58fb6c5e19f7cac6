/** Items → more items of the same label, for embedding with augmentation. */

import { expected } from '../core/errors.js';
import type { Item, Modality } from '../core/item.js';
import { integer, resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { createRng } from '../core/rng.js';
import type { AugmenterEntry } from './augmenter.js';
import { color } from './color.js';
import { eda } from './eda.js';
import { flipCropColor } from './flip-crop-color.js';
import { flipCrop } from './flip-crop.js';

export { defineAugmenter, type AugmenterEntry } from './augmenter.js';

export const augmenters = { eda, 'flip-crop': flipCrop, color, 'flip-crop-color': flipCropColor } as const;

export interface Augmenter {
  readonly name: string;
  readonly modality: Modality;
  /** As given, or what tells them apart where they are too long to be kept. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Makes `copies` altered items with the label and group of `item`, the ids `id#1`, `id#2`, … and `item` as parent.
   * Copy k is the same whichever other copies and items are made.
   * @throws ERR_DATA when the item cannot be read or is of another modality.
   */
  augment(item: Item, request: { copies: number; seed: number }): Promise<Item[]>;
}

const requestRules = {
  copies: integer({ min: 0, default: 1, help: 'altered items an item' }),
  seed: integer({ min: 0, default: 0, help: 'which alterations' }),
};

/**
 * Looks an augmenter up and checks its options.
 *
 * @throws ERR_OPTION for an unknown name or option, suggesting near ones.
 *
 * @example
 * const copies = await createAugmenter('eda', { rate: 0.2 }).augment(item, { copies: 4, seed: 0 });
 */
export function createAugmenter(name: string, options: Readonly<Record<string, unknown>> = {}): Augmenter {
  const entry = lookUp(augmenters, 'augmenter', name) as unknown as AugmenterEntry;
  const resolved = resolveOptions(name, entry.options, options);
  return {
    name,
    modality: entry.modality,
    options: entry.describe?.(resolved) ?? resolved,
    async augment(item, request) {
      const { copies, seed } = resolveOptions('augment', requestRules, request);
      if (item.parent !== undefined)
        throw expected('an original item', 'augment', item.id, 'Augment it before, not again');
      const rng = createRng(seed, `augment/${name}/${item.id}`);
      const made: Item[] = [];
      for (let copy = 1; copy <= copies; copy++)
        made.push({
          ...item,
          id: `${item.id}#${copy}`,
          parent: item.id,
          content: await entry.alter(item.content, resolved, rng.at(copy)),
        });
      return made;
    },
  };
}
