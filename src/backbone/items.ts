/** Items → the inputs of a prepared backbone, batch by batch. What it takes is plain JSON, so that a classifier can carry it. */

import type { Awaitable } from '../core/awaitable.js';
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
   * Prepares items side by side, or at once where that can be. A bad item is left out and told in `failures`; it never spoils
   * its batch.
   * @param room memory to use again where it is large enough, such as that of a batch that has been run.
   */
  batch(contents: readonly ItemContent[], room?: Float32Array): Awaitable<PreparedBatch>;
  /** For texts, whose batches are as wide as their longest one: the two halves of `batch`, to choose who goes together. */
  readonly texts?: TextBatcher;
}

export interface TextBatcher {
  /** @throws ERR_DATA for what is no text, or has no token left. */
  encode(content: ItemContent): readonly number[];
  /** Tokens a row takes beside a longest one of `longest` tokens. */
  width(longest: number): number;
  /** The inputs of encoded texts, each padded to the same width. */
  pack(rows: readonly (readonly number[])[]): Feeds;
}

type Failures = { index: number; error: EquipoiseError }[];

/** Errors of the item's own are recorded; anything else is a fault of the program and stops it. */
function record(failures: Failures, index: number, error: unknown): void {
  if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
  failures.push({ index, error });
}

function imageItems({ input, preprocess }: ImageItems, blocking: boolean): ItemPreprocessor {
  const { size, layout, name } = input;
  const images = createImagePreprocessor(preprocess, { size: [...size], layout, blocking });
  const channels = images.length / (size[0] * size[1]);
  return {
    batch(contents, room) {
      const wanted = contents.length * images.length;
      const data = room && room.length >= wanted ? room.subarray(0, wanted) : new Float32Array(wanted);
      const failures: Failures = [];
      const later: Promise<void>[] = [];
      for (const [index, content] of contents.entries())
        try {
          const done = images.into(content, data, index * images.length);
          if (done) later.push(done.catch((error: unknown) => record(failures, index, error)));
        } catch (error) {
          record(failures, index, error);
        }
      return later.length === 0 ? prepared() : Promise.all(later).then(prepared);

      function prepared(): PreparedBatch {
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
              data: data.subarray(0, kept.length * images.length),
              dims: [kept.length, ...inside],
            },
          },
          count: kept.length,
          kept,
          failures,
        };
      }
    },
  };
}

function textItems({ input, tokenizer, tokenizerJson }: TextItems): ItemPreprocessor {
  const texts = createTextPreprocessor(tokenizer, tokenizerJson);
  const typed = (data: BigInt64Array) => (input.dtype === 'int32' ? Int32Array.from(data, Number) : data);
  const batcher: TextBatcher = {
    encode(content) {
      if (content.kind !== 'text')
        throw new EquipoiseError('ERR_DATA', `Expected a text but received an item of kind ${content.kind}`);
      return texts.encode(content.text);
    },
    width: (longest) => input.length ?? longest,
    pack(rows) {
      const { ids, mask, width } = padBatch(rows, {
        ...(tokenizer.padId !== undefined && { padId: tokenizer.padId }),
        ...(tokenizer.padSide !== undefined && { padSide: tokenizer.padSide }),
        ...(input.length !== undefined && { width: input.length }),
      });
      const dims = [rows.length, width];
      return {
        [input.ids]: { data: typed(ids), dims },
        ...(input.mask !== undefined && { [input.mask]: { data: typed(mask), dims } }),
        ...(input.types !== undefined && {
          [input.types]: { data: typed(new BigInt64Array(rows.length * width)), dims },
        }),
      };
    },
  };
  return {
    texts: batcher,
    batch(contents) {
      const failures: Failures = [];
      const kept: number[] = [];
      const rows: (readonly number[])[] = [];
      contents.forEach((content, index) => {
        try {
          rows.push(batcher.encode(content));
          kept.push(index);
        } catch (error) {
          record(failures, index, error);
        }
      });
      return { inputs: batcher.pack(rows), count: rows.length, kept, failures };
    },
  };
}

/**
 * Makes the function that prepares batches.
 * @param options.blocking images are prepared by the calling thread, which has nothing else to do, as far as it can.
 * @throws ERR_OPTION when the recipe contradicts itself (a crop that is not the network's size, a tokenizer that cannot be built).
 */
export function createItemPreprocessor(
  recipe: ItemRecipe,
  { blocking = false }: { readonly blocking?: boolean } = {},
): ItemPreprocessor {
  return recipe.modality === 'image' ? imageItems(recipe, blocking) : textItems(recipe);
}
