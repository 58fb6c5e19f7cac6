/** How a network's output becomes one vector an item, as nodes that every operator set since 9 has. */

import type { GraphNode, GraphPart, GraphTensor } from '../onnx/index.js';

export interface PoolContext {
  /** Of the tensor that is pooled: 2 is (batch, dim), 3 (batch, tokens, dim), 4 (batch, channels, height, width). */
  readonly rank: number;
  /** Name of the integer attention mask (batch, tokens); absent where every token is real, as in images. */
  readonly mask?: string;
  /** Where padding is; absent where it is behind the tokens. */
  readonly padSide?: 'left' | 'right';
}

export interface Pooling {
  readonly name: string;
  readonly summary: string;
  readonly ranks: readonly number[];
  /** Absent where the vectors are there already. */
  readonly part?: (context: PoolContext) => GraphPart;
}

const shapeOf = (name: string, sizes: readonly number[]): GraphTensor => ({
  name,
  shape: [sizes.length],
  data: BigInt64Array.from(sizes, BigInt),
});

const FLOAT = 1;
const INT64 = 7;

/** Averages or maximises over everything behind the channels: the runtime's own global pooling. */
function overSpace(op: 'GlobalAveragePool' | 'GlobalMaxPool', from: string, before: readonly GraphNode[]): GraphNode[] {
  return [
    ...before,
    { op, inputs: [from], outputs: ['pooled'] },
    { op: 'Flatten', inputs: ['pooled'], outputs: ['vector'], attributes: { axis: 1 } },
  ];
}

/** (batch, tokens, dim) → (batch, dim, tokens), the layout of global pooling. */
const tokensLast = (from: string): GraphNode => ({
  op: 'Transpose',
  inputs: [from],
  outputs: ['tokensLast'],
  attributes: { perm: [0, 2, 1] },
});

/** The mask as float rows (batch, 1, tokens) and columns (batch, tokens, 1). */
function maskNodes(mask: string): GraphNode[] {
  return [
    { op: 'Cast', inputs: [mask], outputs: ['mask'], attributes: { to: FLOAT } },
    { op: 'Reshape', inputs: ['mask', 'rowShape'], outputs: ['maskRow'] },
    { op: 'Reshape', inputs: ['mask', 'columnShape'], outputs: ['maskColumn'] },
  ];
}
const maskShapes = [shapeOf('rowShape', [0, 1, -1]), shapeOf('columnShape', [0, -1, 1])];

const done = (nodes: readonly GraphNode[], initializers: readonly GraphTensor[] = []): GraphPart => ({
  nodes,
  initializers,
  input: 'x',
  output: 'vector',
});

const none: Pooling = {
  name: 'none',
  summary: 'the output is (batch, dim) already',
  ranks: [2],
};

const mean: Pooling = {
  name: 'mean',
  summary: 'mean over the tokens that the attention mask marks',
  ranks: [3],
  part: ({ mask }) =>
    mask === undefined
      ? done(overSpace('GlobalAveragePool', 'tokensLast', [tokensLast('x')]))
      : done(
          [
            ...maskNodes(mask),
            { op: 'MatMul', inputs: ['maskRow', 'x'], outputs: ['sum'] },
            // The mask is 0 or 1, so its product with itself counts the tokens.
            { op: 'MatMul', inputs: ['maskRow', 'maskColumn'], outputs: ['tokens'] },
            { op: 'Div', inputs: ['sum', 'tokens'], outputs: ['mean'] },
            { op: 'Flatten', inputs: ['mean'], outputs: ['vector'], attributes: { axis: 1 } },
          ],
          maskShapes,
        ),
};

const max: Pooling = {
  name: 'max',
  summary: 'largest value over the marked tokens, or over the spatial axes',
  ranks: [3, 4],
  part: ({ rank, mask }) => {
    if (rank === 4) return done(overSpace('GlobalMaxPool', 'x', []));
    if (mask === undefined) return done(overSpace('GlobalMaxPool', 'tokensLast', [tokensLast('x')]));
    const nodes: GraphNode[] = [
      ...maskNodes(mask),
      { op: 'Mul', inputs: ['x', 'maskColumn'], outputs: ['kept'] },
      { op: 'Sub', inputs: ['maskColumn', 'one'], outputs: ['minusMissing'] },
      { op: 'Mul', inputs: ['minusMissing', 'largest'], outputs: ['floor'] },
      { op: 'Add', inputs: ['kept', 'floor'], outputs: ['masked'] },
    ];
    return done(overSpace('GlobalMaxPool', 'tokensLast', [...nodes, tokensLast('masked')]), [
      ...maskShapes,
      { name: 'one', shape: [], data: Float32Array.of(1) },
      { name: 'largest', shape: [], data: Float32Array.of(3.4e38) },
    ]);
  },
};

const cls: Pooling = {
  name: 'cls',
  summary: 'the first token',
  ranks: [3],
  part: () =>
    done(
      [{ op: 'Gather', inputs: ['x', 'first'], outputs: ['vector'], attributes: { axis: 1 } }],
      [{ name: 'first', shape: [], data: BigInt64Array.of(0n) }],
    ),
};

const last: Pooling = {
  name: 'last',
  summary: 'the last token that the attention mask marks',
  ranks: [3],
  part: ({ mask, padSide }) =>
    mask === undefined || padSide === 'left'
      ? done(
          [{ op: 'Gather', inputs: ['x', 'end'], outputs: ['vector'], attributes: { axis: 1 } }],
          [{ name: 'end', shape: [], data: BigInt64Array.of(-1n) }],
        )
      : done(
          [
            ...maskNodes(mask),
            // Padding is on the right, so the last token is number (count - 1): one-hot rows pick it exactly.
            { op: 'MatMul', inputs: ['maskRow', 'maskColumn'], outputs: ['tokens'] },
            { op: 'Sub', inputs: ['tokens', 'one'], outputs: ['lastFloat'] },
            { op: 'Cast', inputs: ['lastFloat'], outputs: ['lastIndex'], attributes: { to: INT64 } },
            { op: 'Reshape', inputs: ['lastIndex', 'flatShape'], outputs: ['flatIndex'] },
            { op: 'Shape', inputs: [mask], outputs: ['maskSizes'] },
            { op: 'Gather', inputs: ['maskSizes', 'second'], outputs: ['width'] },
            { op: 'OneHot', inputs: ['flatIndex', 'width', 'offOn'], outputs: ['pick'] },
            { op: 'Reshape', inputs: ['pick', 'rowShape'], outputs: ['pickRow'] },
            { op: 'MatMul', inputs: ['pickRow', 'x'], outputs: ['picked'] },
            { op: 'Flatten', inputs: ['picked'], outputs: ['vector'], attributes: { axis: 1 } },
          ],
          [
            ...maskShapes,
            shapeOf('flatShape', [-1]),
            { name: 'one', shape: [], data: Float32Array.of(1) },
            { name: 'second', shape: [], data: BigInt64Array.of(1n) },
            { name: 'offOn', shape: [2], data: Float32Array.of(0, 1) },
          ],
        ),
};

const gap: Pooling = {
  name: 'gap',
  summary: 'mean over the spatial axes (global average pooling)',
  ranks: [4],
  part: () => done(overSpace('GlobalAveragePool', 'x', [])),
};

export const poolings = { none, mean, cls, last, max, gap } as const;

export type PoolName = keyof typeof poolings;
