/** Items → the inputs of a prepared backbone, batch by batch. What it takes is plain JSON, so that a classifier can carry it. */

import { EquipoiseError } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import {
  createImagePreprocessor,
  createTextPreprocessor,
  padBatch,
  type ImageRecipe,
  type TokenizerSpec,
} from '../preprocess/index.js';
import type { Feeds } from './session.js';

export interface ImageItems {
  readonly modality: 'image';
  readonly input: {
    readonly name: string;
    readonly layout: 'NCHW' | 'NHWC';
    readonly size: readonly [height: number, width: number];
  };
  readonly preprocess: ImageRecipe;
}

export interface TextItems {
  readonly modality: 'text';
  /** Names of the graph's integer inputs, each (batch, tokens). */
  readonly input: {
    readonly ids: string;
    readonly mask?: string;
    readonly types?: string;
    readonly dtype: 'int64' | 'int32';
    /** Where the graph takes texts of one length only. */
    readonly length?: number;
  };
  readonly tokenizer: TokenizerSpec;
  readonly tokenizerJson: object;
}

/** Everything that turns an item into numbers. */
export type ItemRecipe = ImageItems | TextItems;

export interface PreparedBatch {
  readonly inputs: Feeds;
  /** Rows in `inputs`; zero when every item failed. */
  readonly count: number;
  /** For each row, the position of its item. Failed items have none. */
  readonly kept: readonly number[];
  readonly failures: readonly { readonly index: number; readonly error: EquipoiseError }[];
}

export interface ItemPreprocessor {
  /**
   * Prepares items side by side. A bad item is left out and told in `failures`; it never spoils its batch.
   */
  batch(contents: readonly ItemContent[]): Promise<PreparedBatch>;
}

type Failures = { index: number; error: EquipoiseError }[];

/** Errors of the item's own are recorded; anything else is a fault of the program and stops it. */
function record(failures: Failures, index: number, error: unknown): void {
  if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
  failures.push({ index, error });
}

function imageItems({ input, preprocess }: ImageItems): ItemPreprocessor {
  const { size, layout, name } = input;
  const images = createImagePreprocessor(preprocess, { size: [...size], layout });
  const channels = images.length / (size[0] * size[1]);
  return {
    async batch(contents) {
      const data = new Float32Array(contents.length * images.length);
      const failures: Failures = [];
      await Promise.all(
        contents.map(async (content, index) => {
          try {
            await images.into(content, data, index * images.length);
          } catch (error) {
            record(failures, index, error);
          }
        }),
      );
      failures.sort((a, b) => a.index - b.index);
      const failed = new Set(failures.map(({ index }) => index));
      const kept = contents.map((_, index) => index).filter((index) => !failed.has(index));
      // Rows behind a failed one move up.
      kept.forEach((from, to) => {
        if (from !== to) data.copyWithin(to * images.length, from * images.length, (from + 1) * images.length);
      });
      const inside = layout === 'NCHW' ? [channels, ...size] : [...size, channels];
      return {
        inputs: {
          [name]: {
            data: kept.length === contents.length ? data : data.slice(0, kept.length * images.length),
            dims: [kept.length, ...inside],
          },
        },
        count: kept.length,
        kept,
        failures,
      };
    },
  };
}

function textItems({ input, tokenizer, tokenizerJson }: TextItems): ItemPreprocessor {
  const texts = createTextPreprocessor(tokenizer, tokenizerJson);
  const typed = (data: BigInt64Array) => (input.dtype === 'int32' ? Int32Array.from(data, Number) : data);
  return {
    async batch(contents) {
      const failures: Failures = [];
      const kept: number[] = [];
      const rows: ArrayLike<number>[] = [];
      contents.forEach((content, index) => {
        try {
          if (content.kind !== 'text')
            throw new EquipoiseError('ERR_DATA', `Expected a text but received an item of kind ${content.kind}`);
          rows.push(texts.encode(content.text));
          kept.push(index);
        } catch (error) {
          record(failures, index, error);
        }
      });
      const { ids, mask, width } = padBatch(rows, {
        ...(tokenizer.padId !== undefined && { padId: tokenizer.padId }),
        ...(tokenizer.padSide !== undefined && { padSide: tokenizer.padSide }),
        ...(input.length !== undefined && { width: input.length }),
      });
      const dims = [rows.length, width];
      return {
        inputs: {
          [input.ids]: { data: typed(ids), dims },
          ...(input.mask !== undefined && { [input.mask]: { data: typed(mask), dims } }),
          ...(input.types !== undefined && {
            [input.types]: { data: typed(new BigInt64Array(rows.length * width)), dims },
          }),
        },
        count: rows.length,
        kept,
        failures,
      };
    },
  };
}

/**
 * Makes the function that prepares batches.
 * @throws ERR_OPTION when the recipe contradicts itself (a crop that is not the network's size, a tokenizer that cannot be built).
 */
export function createItemPreprocessor(recipe: ItemRecipe): ItemPreprocessor {
  return recipe.modality === 'image' ? imageItems(recipe) : textItems(recipe);
}
