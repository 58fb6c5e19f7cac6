/** One thing of a dataset before it has an embedding, and the dataset that yields it. */

import type { Column } from './embedding-set.js';
import type { TargetKind } from './targets.js';

export type Modality = 'image' | 'text' | 'table';

export type ItemContent =
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'encoded-image'; readonly bytes: Uint8Array }
  /** Interleaved 8-bit pixels, (height, width, channels); 1 channel is grey, 3 is RGB. */
  | {
      readonly kind: 'pixels';
      readonly data: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'row'; readonly values: Float32Array };

/** What a thing is labelled with: the name of its class; a list of names where it may have any number; null where nobody has said. */
export type Label = string | readonly string[] | null;

/** The class names of a label. */
export function namesOf(label: Label): readonly string[] {
  if (label === null) return [];
  return typeof label === 'string' ? [label] : label;
}

export interface Item {
  /** Unique in the dataset and stable between runs. */
  readonly id: string;
  /** Where a person finds it: a path, a line. */
  readonly source: string;
  readonly label: Label;
  readonly group?: string;
  readonly weight?: number;
  /** The id of the item this one was augmented from. */
  readonly parent?: string;
  /** Tells whether the content is still what it was: a short hash of its bytes, or of what stands for them. */
  readonly identity?: string;
  readonly content: ItemContent;
}

/** Items in a stable order. Iterating it twice yields the same items. */
export interface Dataset extends AsyncIterable<Item> {
  readonly name: string;
  /** Registry key of the format it was read by. */
  readonly format: string;
  readonly modality: Modality;
  readonly count: number;
  /** Labels that occur, in class-table order. */
  readonly classNames: readonly string[];
  /** `many`: the labels of its items are lists; default `one`. */
  readonly targets?: TargetKind;
  /** For tables: the columns of each item's `values`. */
  readonly columns?: readonly Column[];
  /** Hash over ids, labels and content identity: tells whether the input changed. */
  readonly fingerprint: string;
  /** What was detected and assumed, for the user to read: `label column "Class" (of 31)`. */
  readonly notes: readonly string[];
  /** Items start … end − 1 of the order; the whole without a range. */
  items(range?: { start: number; end: number }): AsyncIterable<Item>;
}
