/** An ONNX model in memory: bytes ⇄ messages, what it takes and gives, its metadata. */

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { EquipoiseError } from '../core/errors.js';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from './generated/onnx_pb.js';

/** The decoded file. Functions of this room never change one in place; they return a new one that shares tensors. */
export type OnnxModel = ModelProto;

/** Protocol buffers cannot hold more. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** Element types under the names that onnxruntime uses, with their size in bits. */
export const dtypes = {
  float32: { type: DataType.FLOAT, bits: 32 },
  uint8: { type: DataType.UINT8, bits: 8 },
  int8: { type: DataType.INT8, bits: 8 },
  uint16: { type: DataType.UINT16, bits: 16 },
  int16: { type: DataType.INT16, bits: 16 },
  int32: { type: DataType.INT32, bits: 32 },
  int64: { type: DataType.INT64, bits: 64 },
  string: { type: DataType.STRING, bits: 0 },
  bool: { type: DataType.BOOL, bits: 8 },
  float16: { type: DataType.FLOAT16, bits: 16 },
  float64: { type: DataType.DOUBLE, bits: 64 },
  uint32: { type: DataType.UINT32, bits: 32 },
  uint64: { type: DataType.UINT64, bits: 64 },
  complex64: { type: DataType.COMPLEX64, bits: 64 },
  complex128: { type: DataType.COMPLEX128, bits: 128 },
  bfloat16: { type: DataType.BFLOAT16, bits: 16 },
  float8e4m3fn: { type: DataType.FLOAT8E4M3FN, bits: 8 },
  float8e4m3fnuz: { type: DataType.FLOAT8E4M3FNUZ, bits: 8 },
  float8e5m2: { type: DataType.FLOAT8E5M2, bits: 8 },
  float8e5m2fnuz: { type: DataType.FLOAT8E5M2FNUZ, bits: 8 },
  uint4: { type: DataType.UINT4, bits: 4 },
  int4: { type: DataType.INT4, bits: 4 },
  float4e2m1: { type: DataType.FLOAT4E2M1, bits: 4 },
} as const;

export type Dtype = keyof typeof dtypes;

const namesOfTypes = new Map<number, Dtype>(Object.entries(dtypes).map(([name, { type }]) => [type, name as Dtype]));

export function dtypeName(type: number): Dtype | undefined {
  return namesOfTypes.get(type);
}

function notAModel(where: string, why: string, cause?: unknown): EquipoiseError {
  return new EquipoiseError(
    'ERR_DATA',
    `${where} is not an ONNX model: ${why}. Check that the file was fetched whole and is the .onnx itself`,
    { cause },
  );
}

/**
 * Decodes an ONNX file; tensors are views of `bytes`, not copies.
 * @param where names the file in messages.
 * @throws ERR_DATA when the bytes are something else.
 */
export function readModel(bytes: Uint8Array, where: string): OnnxModel {
  if (bytes.length === 0) throw notAModel(where, 'it is empty');
  if (bytes.length > MAX_MODEL_BYTES)
    throw notAModel(where, `it has ${bytes.length} bytes and the format holds at most ${MAX_MODEL_BYTES}`);
  let model: OnnxModel;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw notAModel(where, `it cannot be decoded (${(error as Error).message})`, error);
  }
  // Some other bytes decode by chance, as a message of unknown fields.
  if (model.graph === undefined || model.opsetImport.length === 0) throw notAModel(where, 'it holds no graph');
  return model;
}

/** @throws ERR_DATA when the result would exceed what the format holds. */
export function writeModel(model: OnnxModel): Uint8Array {
  const bytes = toBinary(ModelProtoSchema, model);
  if (bytes.length > MAX_MODEL_BYTES)
    throw new EquipoiseError(
      'ERR_DATA',
      `The model would take ${bytes.length} bytes and an ONNX file holds at most ${MAX_MODEL_BYTES}. Use a smaller backbone`,
    );
  return bytes;
}

/** Copies the message itself, not what it refers to; keeps which fields are present and the unknown ones. */
export function shallow<T extends object>(message: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message) as T;
}

export function graphOf(model: OnnxModel): GraphProto {
  if (model.graph === undefined) throw new EquipoiseError('ERR_DATA', 'The ONNX model holds no graph');
  return model.graph;
}

/** The graph and, depth first, every graph inside a node's attributes. */
export function* nestedGraphs(nodes: readonly NodeProto[]): Generator<GraphProto> {
  for (const node of nodes)
    for (const attribute of node.attribute)
      for (const graph of attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs) {
        yield graph;
        yield* nestedGraphs(graph.node);
      }
}

/** The version of the standard operators that the graph was written against. */
export function opsetOf(model: OnnxModel): number {
  const standard = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  return Number(standard?.version ?? 1n);
}

export interface TensorInfo {
  readonly name: string;
  /** `unknown` where the file does not say. */
  readonly dtype: Dtype | 'unknown';
  /** A string is a symbolic size, `?` one without a name; null where the file gives no shape at all. */
  readonly shape: readonly (number | string)[] | null;
}

export interface ModelInfo {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly opset: number;
  readonly nodes: number;
  /** Numbers in its weights. */
  readonly parameters: number;
  /** `reduced` where it computes with fewer bits than float32: results may then depend on the batch and the machine. */
  readonly precision: 'float32' | 'reduced';
  readonly metadata: Readonly<Record<string, string>>;
}

export function tensorInfo(value: ValueInfoProto): TensorInfo {
  const type = value.type?.value;
  if (type?.case !== 'tensorType') return { name: value.name, dtype: 'unknown', shape: null };
  const shape = type.value.shape?.dim.map(({ value: dim }) =>
    dim.case === 'dimValue' ? Number(dim.value) : dim.case === 'dimParam' && dim.value !== '' ? dim.value : '?',
  );
  return { name: value.name, dtype: dtypeName(type.value.elemType) ?? 'unknown', shape: shape ?? null };
}

/** `pixel_values float32 [batch,3,32,32]`, for messages and listings. */
export function showTensor({ name, dtype, shape }: TensorInfo): string {
  return `${name} ${dtype} [${shape === null ? '?' : shape.join(',')}]`;
}

const reducedTypes = new Set<number>(
  (['float16', 'bfloat16', 'int8', 'uint8', 'int4', 'uint4'] satisfies Dtype[]).map((name) => dtypes[name].type),
);

/** Operators that turn small numbers into larger ones or only move them; what follows computes in float32. */
const unpacking = new Set(['Cast', 'Gather', 'DequantizeLinear']);

/** Whether activations, not only stored weights, have fewer bits than float32. */
function computesReduced({ node, initializer, input }: GraphProto): boolean {
  const small = new Set(initializer.filter(({ dataType }) => reducedTypes.has(dataType)).map(({ name }) => name));
  return (
    input.map(tensorInfo).some(({ name, dtype }) => dtype === 'float16' && !small.has(name)) ||
    node.some(
      ({ opType, input: read, attribute }) =>
        /Quantize|^QLinear|Integer$/.test(opType) ||
        (opType === 'Cast' && attribute.some(({ name, i }) => name === 'to' && reducedTypes.has(Number(i)))) ||
        (!unpacking.has(opType) && read.some((name) => small.has(name))),
    )
  );
}

/** What a model takes and gives. Old files list weights among the inputs; they are left out here. */
export function describeModel(model: OnnxModel): ModelInfo {
  const graph = graphOf(model);
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !weights.has(name)).map(tensorInfo);
  const outputs = graph.output.map(tensorInfo);
  return {
    inputs,
    outputs,
    opset: opsetOf(model),
    nodes: graph.node.length,
    parameters: graph.initializer.reduce((sum, { dims }) => sum + Number(dims.reduce((a, b) => a * b, 1n)), 0),
    precision: computesReduced(graph) ? 'reduced' : 'float32',
    metadata: getMetadata(model),
  };
}

/** The file's own key-value pairs, on an object without a prototype: keys come from strangers. */
export function getMetadata(model: OnnxModel): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  for (const { key, value } of model.metadataProps) metadata[key] = value;
  return metadata;
}

/** A model whose key-value pairs are exactly these. */
export function setMetadata(model: OnnxModel, metadata: Readonly<Record<string, string>>): OnnxModel {
  const copy = shallow(model);
  copy.metadataProps = Object.entries(metadata).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return copy;
}

export { AttributeType, DataType };
