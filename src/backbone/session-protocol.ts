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
  /** A new matrix of `rows` x `cols` for what follows. */
  | { readonly kind: 'shard'; readonly rows: number; readonly cols: number }
  /** The session's only output goes to rows `at` … `at + count - 1` of the matrix; the feeds come back. */
  | { readonly kind: 'embed'; readonly feeds: Feeds; readonly at: number; readonly count: number }
  | { readonly kind: 'take'; readonly rows?: number }
  | { readonly kind: 'close' };

export interface Opened {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly SessionTensor[];
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: { readonly stage: 'load' | 'open' | 'run'; readonly message: string } };
