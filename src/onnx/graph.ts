/** Pieces of ONNX graphs as plain data: what heads and scalers return and `onnx/build.ts` turns into a model. */

export type AttributeValue =
  number | string | readonly number[] | { readonly float: number } | { readonly floats: readonly number[] };

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers become INT (or INTS), strings STRING, `{ float }` and `{ floats }` FLOAT(S). */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export interface GraphTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The array's type is the tensor's; a Uint16Array holds the bits of float16 numbers. */
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array | Uint16Array;
}

/** A chain of nodes from one float32 tensor (batch, d) to another. */
export interface GraphPart {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly GraphTensor[];
  readonly input: string;
  readonly output: string;
}
