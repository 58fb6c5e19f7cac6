/** From a published graph to one that takes float32 or ids and gives one vector an item, under the name `embedding`. */

import { EquipoiseError } from '../core/errors.js';
import {
  appendPart,
  castInput,
  describeModel,
  renameTensors,
  showTensor,
  subgraph,
  tensorNames,
  writeModel,
  type GraphPart,
  type OnnxModel,
  type TensorInfo,
  type TensorSpec,
} from '../onnx/index.js';
import { poolings } from './pooling.js';
import { openModelSession, type Feeds, type Tensor } from './session.js';
import type { BackboneSpec } from './spec.js';

/** The one output of a prepared backbone. */
export const EMBEDDING = 'embedding';

const FLOAT = 1;

const toFloat: GraphPart = {
  nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: { to: FLOAT } }],
  initializers: [],
  input: 'x',
  output: 'y',
};

/** (batch, dim, 1, 1) → (batch, dim): how networks that end in a convolution give vectors. */
const flatten: GraphPart = {
  nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } }],
  initializers: [],
  input: 'x',
  output: 'y',
};

/** Rows of length 1; a row of zeros stays as it is. */
const toUnitLength: GraphPart = {
  nodes: [{ op: 'LpNormalization', inputs: ['x'], outputs: ['y'], attributes: { axis: -1, p: 2 } }],
  initializers: [],
  input: 'x',
  output: 'y',
};

interface OutputFacts {
  readonly dtype: string;
  /** A string is a size that varies. */
  readonly shape: readonly (number | string)[];
}

/** One item of zeros, in the shapes that the graph asks for. */
function zeros(inputs: readonly TensorInfo[], spec: BackboneSpec): Feeds {
  const feeds = inputs.map(({ name, dtype, shape }): [string, Tensor] => {
    if (spec.modality === 'image') {
      const [height, width] = spec.input.size;
      const fixed = shape?.[spec.input.layout === 'NCHW' ? 1 : 3];
      const channels = typeof fixed === 'number' ? fixed : spec.preprocess.mean.length;
      const dims = spec.input.layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
      return [name, { data: new Float32Array(height * width * channels), dims }];
    }
    const width = typeof shape?.[1] === 'number' ? shape[1] : 2;
    const fill = name === spec.input.names.mask ? 1 : 0;
    const data = dtype === 'int32' ? new Int32Array(width).fill(fill) : new BigInt64Array(width).fill(BigInt(fill));
    return [name, { data, dims: [1, width] }];
  });
  return Object.fromEntries(feeds);
}

/** What the file says of its only output and, where that is not enough, what one run of the graph says. */
async function outputFacts(model: OnnxModel, spec: BackboneSpec, where: string): Promise<OutputFacts> {
  const { inputs, outputs } = describeModel(model);
  const [{ dtype, shape } = { dtype: 'unknown', shape: null }] = outputs;
  const dimAt = shape?.length === 4 ? 1 : (shape?.length ?? 1) - 1;
  if (shape !== null && dtype !== 'unknown' && (typeof shape[dimAt] === 'number' || spec.output.dim !== undefined))
    return { dtype, shape };
  await using session = await openModelSession(writeModel(model), { threads: 1, where });
  const [output] = session.outputs;
  const result = (await session.run(zeros(inputs, spec)))[output?.name ?? ''];
  return { dtype: output?.dtype ?? 'unknown', shape: result?.dims ?? [] };
}

export interface Prepared {
  readonly model: OnnxModel;
  readonly dim: number;
}

/**
 * Cuts the graph at the wanted tensor and appends conversion to float32, pooling and normalisation as nodes, so that the
 * same bytes serve for embedding and inside a classifier.
 * @throws ERR_OPTION when the tensor is not there or its shape does not fit the pooling; ERR_SHAPE for another length than declared.
 */
export async function prepareGraph(published: OnnxModel, spec: BackboneSpec, where: string): Promise<Prepared> {
  const { output } = spec;
  const pooling = poolings[output.pool];
  const mask = spec.modality === 'text' ? spec.input.names.mask : undefined;
  if (spec.modality === 'text' && mask === undefined && !['none', 'cls'].includes(output.pool))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected an attention mask for pool ${output.pool} but ${where} takes none, so padding would count. Pools without one: none, cls`,
    );
  const padSide = spec.modality === 'text' ? spec.tokenizer.padSide : undefined;
  if (padSide === 'left' && output.pool === 'cls')
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected padding on the right for pool cls of ${where} but padSide is left, where the first token is padding`,
    );
  const usesMask = mask !== undefined && output.pool !== 'none' && output.pool !== 'cls';
  const before = describeModel(published);
  const maskInput = before.inputs.find(({ name }) => name === mask);
  // Pooling may need the mask where the network itself does not.
  const maskSpec = usesMask && maskInput ? [inputSpec(maskInput)] : [];
  let model = subgraph(published, { outputs: [output.name], inputs: maskSpec });
  checkBatch(describeModel(model).inputs, where);
  if (spec.modality === 'image' && spec.input.dtype !== 'float32') model = castInput(model, spec.input.name);

  const facts = await outputFacts(model, spec, where);
  const rank = facts.shape.length;
  const shown = `${output.name} of ${where} is [${facts.shape.join(', ')}]`;
  const vectors = output.pool === 'none' && rank > 2 && facts.shape.slice(2).every((size) => size === 1);
  if (!vectors && !pooling.ranks.includes(rank)) {
    const fitting = Object.values(poolings)
      .filter(({ ranks }) => ranks.includes(rank))
      .map(({ name }) => name);
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a tensor of ${pooling.ranks.join(' or ')} axes for pool ${output.pool} but ${shown}. ` +
        (fitting.length > 0 ? `Pools for it: ${fitting.join(', ')}` : 'Choose another output tensor'),
    );
  }
  if (!['float32', 'float16', 'float64'].includes(facts.dtype))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected numbers of floating point for an embedding but ${shown} of ${facts.dtype}`,
    );
  const found = facts.shape[rank === 3 && !vectors ? 2 : 1];
  const dim = typeof found === 'number' ? found : output.dim;
  if (dim === undefined) throw new EquipoiseError('ERR_SHAPE', `The length of the embedding is not known: ${shown}`);
  if (output.dim !== undefined && dim !== output.dim)
    throw new EquipoiseError('ERR_SHAPE', `Expected embeddings of length ${output.dim}, as declared, but ${shown}`);

  // The name is ours from here on, whatever the file called so.
  const inner = (name: string) => (name === EMBEDDING ? `inner/${EMBEDDING}` : name);
  model = renameTensors(model, inner);
  let at = inner(output.name);
  const append = (part: GraphPart, name: string) => {
    model = appendPart(model, { after: at, part, outputName: name });
    at = name;
  };
  const names = tensorNames(model);
  const fresh = (name: string): string => (names.includes(name) ? fresh(`${name}_`) : name);
  if (facts.dtype !== 'float32') append(toFloat, fresh('to_float32'));
  if (vectors) append(flatten, fresh('vector'));
  if (pooling.part)
    append(
      pooling.part({
        rank,
        ...(usesMask && maskInput && { mask: inner(maskInput.name) }),
        ...(padSide && { padSide }),
      }),
      fresh('pooled'),
    );
  if (output.normalize) append(toUnitLength, fresh('normalized'));
  model = renameTensors(model, (name) => (name === at ? EMBEDDING : name));
  // Whatever the file said of the shape, this is what the outside may rely on.
  const info = describeModel(model).inputs;
  const batch = info[0]?.shape?.[0];
  const shape = [typeof batch === 'number' ? batch : (batch ?? 'batch'), dim];
  model = subgraph(model, {
    inputs: maskSpec.map((input) => ({ ...input, name: inner(input.name) })),
    outputs: [{ name: EMBEDDING, dtype: 'float32', shape }],
  });
  return { model, dim };
}

function inputSpec({ name, dtype, shape }: TensorInfo): TensorSpec {
  return { name, dtype: dtype === 'unknown' ? 'int64' : dtype, ...(shape && { shape }) };
}

function checkBatch(inputs: readonly TensorInfo[], where: string): void {
  const fixed = inputs.find(({ shape }) => typeof shape?.[0] === 'number' && shape[0] !== 1);
  if (fixed)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a graph for any number of rows, or for one, but ${where} takes ${showTensor(fixed)}. Export it with a symbolic first size`,
    );
}
