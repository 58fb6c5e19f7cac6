/** What a session and its worker thread say to each other. */

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
  | { readonly kind: 'close' };

export interface Embedded {
  /** (count, dim). */
  readonly rows: Float32Array;
  /** What was fed, to be filled again. */
  readonly memory: Feeds;
}

export interface Opened {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly SessionTensor[];
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: { readonly stage: 'load' | 'open' | 'run'; readonly message: string } };
