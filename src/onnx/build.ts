/** Models from plain data: nodes, weights, inputs, outputs. */

import { create } from '@bufbuild/protobuf';
import { EquipoiseError } from '../core/errors.js';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './generated/onnx_pb.js';
import type { AttributeValue, GraphNode, GraphPart, GraphTensor } from './graph.js';
import { AttributeType, dtypes, setMetadata, type Dtype, type OnnxModel } from './model.js';

/** The operator set of models made here, where no backbone asks for its own. */
export const DEFAULT_OPSET = 17;

/** Written against ONNX 1.12, the release of opset 17; every reader of the last years takes it. */
const IR_VERSION = 8n;

export interface TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
  /** A string is a symbolic size, such as `batch`. Left out where the runtime is to infer it. */
  readonly shape?: readonly (number | string)[];
}

export interface ModelSpec {
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Chained by name: the `output` of one is the `input` of the next. */
  readonly parts?: readonly GraphPart[];
  readonly nodes?: readonly GraphNode[];
  readonly initializers?: readonly GraphTensor[];
  readonly opset?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...value.floats] });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

/** Without a name: the runtime refuses two nodes of one name, and graphs from elsewhere have names of their own. */
export function toNode({ op, inputs, outputs, attributes = {} }: GraphNode): NodeProto {
  return create(NodeProtoSchema, {
    opType: op,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });
}

const dtypeOfArray: Readonly<Record<string, Dtype>> = {
  Float32Array: 'float32',
  BigInt64Array: 'int64',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
  Int8Array: 'int8',
  Uint16Array: 'float16',
};

export function toTensor({ name, shape, data }: GraphTensor): TensorProto {
  const size = shape.reduce((a, b) => a * b, 1);
  if (size !== data.length)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Expected ${shape.join(' x ') || 'one'} = ${size} numbers for ONNX tensor ${name} but received ${data.length}`,
    );
  const dtype = dtypeOfArray[data.constructor.name];
  if (dtype === undefined)
    throw new EquipoiseError('ERR_OPTION', `ONNX tensor ${name} cannot be a ${data.constructor.name}`);
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: dtypes[dtype].type,
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  });
}

export function toValueInfo({ name, dtype, shape }: TensorSpec): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: dtypes[dtype].type,
          ...(shape && {
            shape: {
              dim: shape.map((size) => ({
                value:
                  typeof size === 'number'
                    ? { case: 'dimValue' as const, value: BigInt(size) }
                    : { case: 'dimParam' as const, value: size },
              })),
            },
          }),
        },
      },
    },
  });
}

/**
 * Makes a model from nodes and weights.
 * @throws ERR_OPTION when a tensor is used before it is made, or made twice.
 *
 * @example
 * const part = {
 *   nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
 *   initializers: [],
 *   input: 'x',
 *   output: 'y',
 * };
 * const model = buildModel({
 *   name: 'relu',
 *   inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 4] }],
 *   outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 4] }],
 *   parts: [part],
 * });
 */
export function buildModel(spec: ModelSpec): OnnxModel {
  const nodes = [...(spec.parts ?? []).flatMap((part) => part.nodes), ...(spec.nodes ?? [])];
  const initializers = [...(spec.parts ?? []).flatMap((part) => part.initializers), ...(spec.initializers ?? [])];
  const made = new Set<string>();
  const make = (name: string) => {
    if (made.has(name))
      throw new EquipoiseError('ERR_OPTION', `Tensor ${name} of ONNX graph ${spec.name} is made twice`);
    made.add(name);
  };
  for (const { name } of [...spec.inputs, ...initializers]) make(name);
  for (const node of nodes) {
    for (const name of node.inputs)
      if (name !== '' && !made.has(name))
        throw new EquipoiseError(
          'ERR_OPTION',
          `Node ${node.op} of ONNX graph ${spec.name} reads ${name}, which nothing before it makes`,
        );
    node.outputs.filter((name) => name !== '').forEach(make);
  }
  for (const { name } of spec.outputs)
    if (!made.has(name))
      throw new EquipoiseError('ERR_OPTION', `Output ${name} of ONNX graph ${spec.name} is made by no node`);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'equipoise',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(spec.opset ?? DEFAULT_OPSET) })],
    graph: create(GraphProtoSchema, {
      name: spec.name,
      node: nodes.map(toNode),
      initializer: initializers.map(toTensor),
      input: spec.inputs.map(toValueInfo),
      output: spec.outputs.map(toValueInfo),
    }),
  });
  return spec.metadata ? setMetadata(model, spec.metadata) : model;
}
