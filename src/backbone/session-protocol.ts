/** What a session and its worker thread say to each other. */

import type { ErrorCode } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import type { ImageItems } from './items.js';

export interface Tensor {
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
}

export type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionTensor {
  readonly name: string;
  readonly dtype: string;
  /** A string is a symbolic size. */
  readonly shape: readonly (number | string)[];
}

export interface WorkerSettings {
  readonly bytes: Uint8Array;
  readonly threads: number;
  /** How images become what the model takes. */
  readonly images?: ImageItems;
  /** Shared with the thread that asks: [BUSY, STOP]. */
  readonly flags: Int32Array;
}

/** Positions in the shared flags. */
export const BUSY = 0;
export const STOP = 1;

export type Request =
  | { readonly kind: 'open' }
  | { readonly kind: 'run'; readonly feeds: Feeds }
  /** The session's only output is (count, cols) float32. */
  | { readonly kind: 'embed'; readonly feeds: Feeds; readonly count: number; readonly cols: number }
  /** The same from images, a run a batch. */
  | { readonly kind: 'images'; readonly batches: readonly (readonly ItemContent[])[]; readonly cols: number }
  | { readonly kind: 'close' };

export interface EmbeddedImages {
  /** (images that did not fail, dim), in order. */
  readonly vectors: Float32Array;
  /** Images, counted through all batches, that cannot be embedded, by rising index. */
  readonly failures: readonly { readonly index: number; readonly message: string }[];
}

export interface Opened {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly SessionTensor[];
}

/** What went wrong, and the code where it was an error of ours. */
export interface Failed {
  readonly stage: 'load' | 'open' | 'run';
  readonly message: string;
  readonly code?: ErrorCode;
}

export type Reply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly failed: Failed };
