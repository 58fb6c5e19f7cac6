/** Altered copies of items, embedded beside them. */

import { createAugmenter } from '../augment/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Item, Modality } from '../core/item.js';
import { custom, integer, resolveOptions, text } from '../core/options.js';

export interface Augment {
  /** Registry key: `eda`, `flip-crop`. */
  readonly name: string;
  /** Altered copies an item. */
  readonly copies: number;
  /** Default 0. */
  readonly seed?: number;
  /** Of the augmenter. */
  readonly options?: Readonly<Record<string, unknown>>;
}

const rules = {
  name: text({ help: 'the augmenter' }),
  copies: integer({ min: 1, max: 1000, default: 1, help: 'altered copies an item; many: the same item over and over' }),
  seed: integer({ min: 0, default: 0, help: 'which alterations' }),
  options: custom<Readonly<Record<string, unknown>>>({
    accepts: 'options of the augmenter',
    default: {},
    help: 'see the augmenter',
    check: (value) => typeof value === 'object' && value !== null,
  }),
};

export interface Copies {
  /** All that decides what the copies are, for the store to keep. */
  readonly settings: Required<Augment>;
  /** The ids of an item's copies. */
  idsOf(id: string): string[];
  /** Each item followed by its copies; an item that cannot be read is alone, and fails when it is prepared. */
  beside(items: readonly Item[]): Promise<Item[]>;
}

/** @throws ERR_OPTION for an unknown augmenter or option, or one for items of another kind. */
export function withCopies(augment: Augment, modality: Modality): Copies {
  const { name, copies, seed, options } = resolveOptions('augment', rules, augment);
  const augmenter = createAugmenter(name as string, options);
  if (augmenter.modality !== modality)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected an augmenter for ${modality} items but ${augmenter.name} alters ${augmenter.modality} items`,
    );
  return {
    settings: { name: augmenter.name, copies, seed, options: augmenter.options },
    idsOf: (id) => Array.from({ length: copies }, (_, k) => `${id}#${k + 1}`),
    async beside(items) {
      const families = items.map(async (item) => {
        try {
          return [item, ...(await augmenter.augment(item, { copies, seed }))];
        } catch (error) {
          if (error instanceof EquipoiseError && error.code === 'ERR_DATA') return [item];
          throw error;
        }
      });
      return (await Promise.all(families)).flat();
    },
  };
}
