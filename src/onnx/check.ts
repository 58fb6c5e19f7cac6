/** Whether a model from a stranger may be given to the runtime: its native code trusts what these checks establish. */

import { EquipoiseError } from '../core/errors.js';
import { TensorProto_DataLocation, type NodeProto, type TensorProto } from './generated/onnx_pb.js';
import { DataType, dtypeName, dtypes, graphOf, nestedGraphs, type OnnxModel } from './model.js';

/** Operators that onnxruntime brings along. Any other domain needs a native library of its own. */
const knownDomains = ['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'];

/** Deeper chains of functions have overflowed the runtime's stack; graphs inside graphs would, too. */
const MAX_FUNCTION_DEPTH = 32;
const MAX_GRAPH_DEPTH = 32;

/** Ten times what the largest published graphs have. */
const MAX_NODES = 500_000;
const MAX_NAME = 10_000;
const MAX_AXES = 64;

export interface CheckOptions {
  /** Names the file in messages. */
  readonly where: string;
  /** Operator domains to admit besides the standard ones. */
  readonly allowDomains?: readonly string[];
}

/** The file that holds a tensor's data, if that is not the model itself. */
export function externalLocation(tensor: TensorProto): string | undefined {
  if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) return undefined;
  return tensor.externalData.find(({ key }) => key === 'location')?.value ?? '';
}

/** Every tensor with data: weights and attributes of the graph, of the graphs inside it and of its functions. */
export function* tensorsOf(model: OnnxModel): Generator<TensorProto> {
  const graph = graphOf(model);
  const nodeLists: (readonly NodeProto[])[] = [graph.node, ...model.functions.map(({ node }) => node)];
  const graphs = [graph, ...nodeLists.flatMap((nodes) => [...nestedGraphs(nodes)])];
  for (const { initializer, sparseInitializer } of graphs) {
    yield* initializer;
    for (const { values, indices } of sparseInitializer) yield* [values, indices].filter((t) => t !== undefined);
  }
  for (const nodes of [...graphs.map(({ node }) => node), ...nodeLists.slice(1)])
    for (const { attribute } of nodes)
      for (const { t, tensors, sparseTensor, sparseTensors } of attribute) {
        if (t) yield t;
        yield* tensors;
        for (const { values, indices } of sparseTensor ? [sparseTensor, ...sparseTensors] : sparseTensors)
          yield* [values, indices].filter((tensor) => tensor !== undefined);
      }
}

/** Entries that a tensor's dims promise; checked arithmetic, because 64-bit products wrap around in native code. */
function elements(tensor: TensorProto, refuse: (why: string) => EquipoiseError): bigint {
  if (tensor.dims.length > MAX_AXES) throw refuse(`tensor ${tensor.name} has ${tensor.dims.length} axes`);
  let product = 1n;
  for (const dim of tensor.dims) {
    if (dim < 0n) throw refuse(`tensor ${tensor.name} has the size ${dim} in its shape`);
    product *= dim;
    if (product > 2n ** 40n) throw refuse(`the sizes of tensor ${tensor.name} multiply to more than 2^40`);
  }
  return product;
}

/** How many entries the data of a tensor really has, in the field where its type is kept. */
function stored(tensor: TensorProto): number {
  switch (tensor.dataType) {
    case DataType.FLOAT:
      return tensor.floatData.length;
    case DataType.COMPLEX64:
      return tensor.floatData.length / 2;
    case DataType.DOUBLE:
      return tensor.doubleData.length;
    case DataType.COMPLEX128:
      return tensor.doubleData.length / 2;
    case DataType.INT64:
      return tensor.int64Data.length;
    case DataType.UINT32:
    case DataType.UINT64:
      return tensor.uint64Data.length;
    case DataType.STRING:
      return tensor.stringData.length;
    default:
      return tensor.int32Data.length;
  }
}

function checkTensor(tensor: TensorProto, refuse: (why: string) => EquipoiseError): void {
  const count = elements(tensor, refuse);
  const dtype = dtypeName(tensor.dataType);
  if (dtype === undefined) throw refuse(`tensor ${tensor.name} has the unknown element type ${tensor.dataType}`);
  const location = externalLocation(tensor);
  if (location !== undefined) {
    const parts = location.split('/');
    if (location === '' || /[\\:\0]/.test(location) || parts.includes('..') || parts.includes(''))
      throw refuse(
        `the data of tensor ${tensor.name} is in ${JSON.stringify(location)}, and only a path inside the model's own folder may be named`,
      );
    return;
  }
  const { bits } = dtypes[dtype];
  const bytes = (count * BigInt(bits) + 7n) / 8n;
  // Four-bit numbers are packed two to an entry where they are not raw.
  const entries = bits === 4 ? (count + 1n) / 2n : count;
  const raw = tensor.rawData.length > 0;
  if (raw ? BigInt(tensor.rawData.length) !== bytes : BigInt(Math.ceil(stored(tensor))) !== entries)
    throw refuse(
      `tensor ${tensor.name} of shape [${tensor.dims.join(',')}] needs ${raw ? `${bytes} bytes` : `${entries} entries`} and has ${raw ? tensor.rawData.length : stored(tensor)}`,
    );
}

/** Functions call functions; a cycle or a very long chain must not reach the runtime. */
function checkFunctions(model: OnnxModel, refuse: (why: string) => EquipoiseError): void {
  const key = (domain: string, name: string) => `${domain}:${name}`;
  const functions = new Map(model.functions.map((f) => [key(f.domain, f.name), f]));
  const depths = new Map<string, number>();
  const depth = (id: string, open: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const called = functions.get(id);
    if (called === undefined) return 0;
    if (open.has(id)) throw refuse(`function ${id} calls itself`);
    if (open.size >= MAX_FUNCTION_DEPTH) throw refuse(`its functions nest deeper than ${MAX_FUNCTION_DEPTH}`);
    const inside = new Set(open).add(id);
    const nodes = [...called.node, ...[...nestedGraphs(called.node)].flatMap(({ node }) => node)];
    const deepest = 1 + Math.max(0, ...nodes.map((node) => depth(key(node.domain, node.opType), inside)));
    depths.set(id, deepest);
    return deepest;
  };
  for (const id of functions.keys()) depth(id, new Set());
}

/** Counts nodes and looks at names, graph by graph; the runtime walks graphs inside graphs by recursion. */
function checkSize(model: OnnxModel, refuse: (why: string) => EquipoiseError): void {
  let nodes = 0;
  const name = (text: string) => {
    if (text.length > MAX_NAME)
      throw refuse(`it has a name of ${text.length} characters (${text.slice(0, 20)}…) and ${MAX_NAME} are allowed`);
  };
  const walk = (list: readonly NodeProto[], depth: number): void => {
    if (depth > MAX_GRAPH_DEPTH) throw refuse(`its graphs nest deeper than ${MAX_GRAPH_DEPTH}`);
    nodes += list.length;
    if (nodes > MAX_NODES) throw refuse(`it has more than ${MAX_NODES} nodes`);
    for (const node of list) {
      [node.name, node.opType, node.domain, ...node.input, ...node.output].forEach(name);
      for (const { g, graphs } of node.attribute)
        for (const inner of g ? [g, ...graphs] : graphs) walk(inner.node, depth + 1);
    }
  };
  const graph = graphOf(model);
  graph.initializer.forEach((tensor) => name(tensor.name));
  [...graph.input, ...graph.output].forEach((value) => name(value.name));
  walk(graph.node, 0);
  for (const { node } of model.functions) walk(node, 0);
}

/**
 * Refuses what the runtime should not see: operators of unknown domains, data outside the model's folder, tensors whose
 * data does not fit their shape, functions that call themselves, graphs too large or too deep.
 * @throws ERR_DATA
 */
export function checkModel(model: OnnxModel, { where, allowDomains = [] }: CheckOptions): void {
  const refuse = (why: string) => new EquipoiseError('ERR_DATA', `Refused to open ${where}: ${why}`);
  // First, because it bounds the work of all that follows.
  checkSize(model, refuse);
  const own = model.functions.map(({ domain }) => domain);
  const allowed = new Set([...knownDomains, ...own, ...allowDomains]);
  const graph = graphOf(model);
  const lists = [graph.node, ...model.functions.map(({ node }) => node)];
  for (const nodes of [...lists, ...lists.flatMap((list) => [...nestedGraphs(list)].map(({ node }) => node))])
    for (const { domain, opType } of nodes)
      if (!allowed.has(domain))
        throw refuse(
          `it uses operator ${opType} of domain ${domain}, which onnxruntime does not bring along. Export the model with standard operators`,
        );
  checkFunctions(model, refuse);
  for (const tensor of tensorsOf(model)) checkTensor(tensor, refuse);
}
