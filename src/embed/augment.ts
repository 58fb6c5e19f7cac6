/** Altered copies of items, embedded beside them. */

import { createAugmenter } from '../augment/index.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Dataset, Item, Modality } from '../core/item.js';
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

/** Copies that something else made beforehand, such as translations there and back: items whose group is the id of their original. */
export interface MadeCopies {
  readonly from: Dataset;
}

export interface Copies {
  /** All that decides what the copies are, for the store to keep. */
  readonly settings: object;
  /** Copies that an item has at most. */
  readonly most: number;
  /** The ids of an item's copies. */
  idsOf(id: string): string[];
  /** Each item followed by its copies; an item that cannot be read is alone, and fails when it is prepared. */
  beside(items: readonly Item[]): Promise<Item[]>;
}

/**
 * @throws ERR_OPTION for an unknown augmenter or option, or copies of another kind of item; ERR_DATA for copies of what the dataset has not.
 */
export async function copiesOf(augment: Augment | MadeCopies, dataset: Dataset): Promise<Copies> {
  return 'from' in augment ? madeBefore(augment, dataset) : withCopies(augment, dataset.modality);
}

async function madeBefore({ from, ...rest }: MadeCopies, dataset: Dataset): Promise<Copies> {
  const stray = Object.keys(rest);
  if (stray.length > 0) throw expected('nothing beside from', `augment.${stray[0]}`, rest[stray[0] as never]);
  if (from.modality !== dataset.modality)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected ${dataset.modality} copies, as ${dataset.name} has such items, but ${from.name} has ${from.modality} items`,
    );
  const byParent = new Map<string, Item[]>();
  for await (const { group, source, content } of from) {
    if (group === undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected the id of an item of ${dataset.name} as the group of ${source} but it has none. Name the column of those ids as group`,
      );
    const known = byParent.get(group) ?? [];
    const id = `${group}#${known.length + 1}`;
    byParent.set(group, [...known, { id, source, label: null, parent: group, content }]);
  }
  const unknown = new Set(byParent.keys());
  for await (const { id } of dataset) unknown.delete(id);
  for (const id of unknown)
    throw new EquipoiseError(
      'ERR_DATA',
      `${from.name} has copies of ${JSON.stringify(id)}, which is the id of no item of ${dataset.name}`,
    );
  const of = (id: string) => byParent.get(id) ?? [];
  return {
    settings: { from: from.name, copies: from.count, fingerprint: from.fingerprint },
    most: Math.max(0, ...Array.from(byParent.values(), ({ length }) => length)),
    idsOf: (id) => of(id).map((copy) => copy.id),
    beside: (items) =>
      Promise.resolve(
        items.flatMap((item) => [item, ...of(item.id).map((copy) => ({ ...item, ...copy, label: item.label }))]),
      ),
  };
}

function withCopies(augment: Augment, modality: Modality): Copies {
  const { name, copies, seed, options } = resolveOptions('augment', rules, augment);
  const augmenter = createAugmenter(name as string, options);
  if (augmenter.modality !== modality)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected an augmenter for ${modality} items but ${augmenter.name} alters ${augmenter.modality} items`,
    );
  return {
    settings: { name: augmenter.name, copies, seed, options: augmenter.options },
    most: copies,
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
