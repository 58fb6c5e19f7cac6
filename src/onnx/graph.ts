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
  readonly data: Float32Array | BigInt64Array | Int32Array;
}

/** A chain of nodes from one float32 tensor (batch, d) to another. */
export interface GraphPart {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly GraphTensor[];
  readonly input: string;
  readonly output: string;
}
