/** Cutting a graph at a tensor, appending to it, joining two. Each returns a new model that shares the tensors of the old. */

import { create } from '@bufbuild/protobuf';
import { EquipoiseError, nearNames } from '../core/errors.js';
import { toNode, toTensor, toValueInfo, type TensorSpec } from './build.js';
import {
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
} from './generated/onnx_pb.js';
import type { GraphPart } from './graph.js';
import { describeModel, graphOf, nestedGraphs, opsetOf, shallow, showTensor, type OnnxModel } from './model.js';

function withGraph(model: OnnxModel, change: (graph: GraphProto) => void): OnnxModel {
  const copy = shallow(model);
  copy.graph = shallow(graphOf(model));
  change(copy.graph);
  return copy;
}

/** Everything a node reads, including what the graphs in its attributes take from outside. */
function reads(node: NodeProto): string[] {
  return [node, ...[...nestedGraphs([node])].flatMap((graph) => graph.node)]
    .flatMap(({ input }) => input)
    .concat([...nestedGraphs([node])].flatMap(({ output }) => output.map(({ name }) => name)));
}

/** Names of all tensors of the outer graph, in order: inputs, weights, results of nodes. */
export function tensorNames(model: OnnxModel): string[] {
  const graph = graphOf(model);
  const names = [
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ''),
    ...graph.node.flatMap(({ output }) => output),
  ];
  return [...new Set(names)].filter((name) => name !== '');
}

function noSuchTensor(model: OnnxModel, name: string, names: readonly string[]): EquipoiseError {
  const { inputs, outputs } = describeModel(model);
  const near = nearNames(name, names);
  return new EquipoiseError(
    'ERR_OPTION',
    `The graph has no tensor ${JSON.stringify(name)}.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''} ` +
      `Inputs: ${inputs.map(showTensor).join('; ')}. Outputs: ${outputs.map(showTensor).join('; ')}`,
  );
}

/**
 * The part of a graph between some tensors and others: what the outputs do not need is dropped.
 * An output given by name keeps the type that the file declares; where it declares none, the runtime infers it.
 * @param inputs inner tensors to feed from outside, with their type; the graph's own inputs stay where they are needed.
 * @throws ERR_OPTION for a tensor that is not there, with near names and the graph's inputs and outputs.
 */
export function subgraph(
  model: OnnxModel,
  { inputs = [], outputs }: { inputs?: readonly TensorSpec[]; outputs: readonly (string | TensorSpec)[] },
): OnnxModel {
  const graph = graphOf(model);
  const names = tensorNames(model);
  const known = new Set(names);
  const wanted = outputs.map((output) => (typeof output === 'string' ? output : output.name));
  for (const name of [...inputs.map((input) => input.name), ...wanted])
    if (!known.has(name)) throw noSuchTensor(model, name, names);
  const fed = new Set(inputs.map(({ name }) => name));
  const needed = new Set(wanted);
  const nodes: NodeProto[] = [];
  for (const node of [...graph.node].reverse()) {
    if (!node.output.some((name) => needed.has(name) && !fed.has(name))) continue;
    nodes.push(node);
    for (const name of reads(node)) if (name !== '') needed.add(name);
  }
  nodes.reverse();
  const kept = new Set([...needed, ...nodes.flatMap(({ output }) => output)]);
  const declared = new Map<string, ValueInfoProto>(
    [...graph.valueInfo, ...graph.input, ...graph.output].map((value) => [value.name, value]),
  );
  return withGraph(model, (part) => {
    part.node = nodes;
    part.initializer = graph.initializer.filter(({ name }) => needed.has(name) && !fed.has(name));
    part.sparseInitializer = graph.sparseInitializer.filter(({ values }) => needed.has(values?.name ?? ''));
    part.input = [...graph.input.filter(({ name }) => needed.has(name) && !fed.has(name)), ...inputs.map(toValueInfo)];
    part.output = outputs.map((output) =>
      typeof output === 'string'
        ? (declared.get(output) ?? create(ValueInfoProtoSchema, { name: output }))
        : toValueInfo(output),
    );
    const outside = new Set([...wanted, ...part.input.map(({ name }) => name)]);
    part.valueInfo = graph.valueInfo.filter(({ name }) => kept.has(name) && !outside.has(name));
    part.quantizationAnnotation = graph.quantizationAnnotation.filter(({ tensorName }) => kept.has(tensorName));
  });
}

/** Makes `tensorName` the only output and drops what it does not need. @throws ERR_OPTION when it is not there. */
export function cutAt(model: OnnxModel, tensorName: string): OnnxModel {
  return subgraph(model, { outputs: [tensorName] });
}

/** Fully connected layers, in floating point and as quantisation writes them. */
const fullyConnected = ['Gemm', 'MatMul', 'MatMulInteger', 'QLinearMatMul', 'QGemm', 'DynamicQuantizeMatMul'];

/**
 * The tensor that the last fully connected layer reads, which in a classifier is the embedding; where the layer reads
 * integers, what they were made of.
 * Undefined where there is no such layer (a network that ends in a convolution).
 */
export function findPenultimate(model: OnnxModel): string | undefined {
  const graph = graphOf(model);
  const nodes = graphOf(subgraph(model, { outputs: graph.output.map(({ name }) => name) })).node;
  const read = nodes.findLast(({ opType }) => fullyConnected.includes(opType))?.input[0];
  const maker = nodes.find(({ output }) => read !== undefined && output.includes(read));
  return maker && ['QuantizeLinear', 'DynamicQuantizeLinear'].includes(maker.opType) ? maker.input[0] : read;
}

/** Renames tensors throughout, graphs inside nodes included. Two tensors must not get one name. */
export function renameTensors(model: OnnxModel, rename: (name: string) => string): OnnxModel {
  const to = (name: string) => (name === '' ? '' : rename(name));
  const named = <T extends { name: string }>(value: T): T => {
    const copy = shallow(value);
    copy.name = to(value.name);
    return copy;
  };
  const inGraph = (graph: GraphProto): GraphProto => {
    const copy = shallow(graph);
    copy.node = graph.node.map(inNode);
    copy.initializer = graph.initializer.map(named);
    copy.sparseInitializer = graph.sparseInitializer.map((sparse) => {
      const renamed = shallow(sparse);
      if (sparse.values) renamed.values = named(sparse.values);
      return renamed;
    });
    copy.input = graph.input.map(named);
    copy.output = graph.output.map(named);
    copy.valueInfo = graph.valueInfo.map(named);
    copy.quantizationAnnotation = graph.quantizationAnnotation.map((annotation) => {
      const renamed = shallow(annotation);
      renamed.tensorName = to(annotation.tensorName);
      renamed.quantParameterTensorNames = annotation.quantParameterTensorNames.map((entry) => {
        const pair = shallow(entry);
        pair.value = to(entry.value);
        return pair;
      });
      return renamed;
    });
    return copy;
  };
  const inNode = (node: NodeProto): NodeProto => {
    const copy = shallow(node);
    copy.input = node.input.map(to);
    copy.output = node.output.map(to);
    copy.attribute = node.attribute.map((attribute) => {
      if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
      const renamed = shallow(attribute);
      if (attribute.g) renamed.g = inGraph(attribute.g);
      renamed.graphs = attribute.graphs.map(inGraph);
      return renamed;
    });
    return copy;
  };
  const copy = shallow(model);
  copy.graph = inGraph(graphOf(model));
  return copy;
}

/**
 * Gives input `name` the type float32 outside and converts it to what the graph wants inside.
 * @throws ERR_OPTION when the graph has no such input.
 */
export function castInput(model: OnnxModel, name: string): OnnxModel {
  const input = graphOf(model).input.find((value) => value.name === name);
  const type = input?.type?.value;
  if (input === undefined || type?.case !== 'tensorType') throw noSuchTensor(model, name, tensorNames(model));
  const inner = `${name}/cast`;
  return withGraph(
    renameTensors(model, (tensor) => (tensor === name ? inner : tensor)),
    (graph) => {
      const shape = describeModel(model).inputs.find((value) => value.name === name)?.shape;
      const outer = toValueInfo({ name, dtype: 'float32', ...(shape && { shape }) });
      graph.input = graph.input.map((value) => (value.name === inner ? outer : value));
      const cast = toNode({ op: 'Cast', inputs: [name], outputs: [inner], attributes: { to: type.value.elemType } });
      graph.node = [cast, ...graph.node];
    },
  );
}

/**
 * Continues a graph after one of its tensors. The part's inner names are put under `outputName/`.
 * An output `after` is replaced by `outputName`; other outputs stay.
 * @throws ERR_OPTION when `after` is not there or `outputName` is taken.
 */
export function appendPart(model: OnnxModel, { after, part, outputName, shape }: AppendOptions): OnnxModel {
  const names = tensorNames(model);
  if (!names.includes(after)) throw noSuchTensor(model, after, names);
  const taken = new Set(names);
  if (taken.has(outputName))
    throw new EquipoiseError('ERR_OPTION', `The graph has a tensor ${JSON.stringify(outputName)} already`);
  const made = new Set([...part.initializers.map(({ name }) => name), ...part.nodes.flatMap(({ outputs }) => outputs)]);
  const rename = (name: string) => {
    if (name === part.input) return after;
    if (name === part.output) return outputName;
    // What the part does not make is the graph's own: a mask, for instance.
    return made.has(name) ? `${outputName}/${name}` : name;
  };
  const output = toValueInfo({ name: outputName, dtype: 'float32', ...(shape && { shape }) });
  const appended = withGraph(model, (graph) => {
    graph.node = [
      ...graph.node,
      ...part.nodes.map((node) =>
        toNode({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }),
      ),
    ];
    graph.initializer = [
      ...graph.initializer,
      ...part.initializers.map((tensor) => toTensor({ ...tensor, name: rename(tensor.name) })),
    ];
    const rest = graph.output.filter(({ name }) => name !== after);
    graph.output = [...rest, output];
  });
  // Before format version 4, weights had to be listed among the inputs too; the part's are not.
  if (appended.irVersion < 4n) appended.irVersion = 4n;
  return appended;
}

export interface AppendOptions {
  readonly after: string;
  readonly part: GraphPart;
  readonly outputName: string;
  /** Of the new output, where it is known. */
  readonly shape?: readonly (number | string)[];
}

export interface JoinOptions {
  readonly connect: readonly [firstOutput: string, secondInput: string];
  /** Tensors of the first that stay outputs. */
  readonly keep?: readonly string[];
  /** Goes before the names of the second's inner tensors. */
  readonly prefix?: string;
}

/**
 * Feeds an output of one model to an input of another, as one model: the inputs of the first, the outputs of the second.
 * Metadata is not carried over.
 * @throws ERR_OPTION when a tensor is not there or two would have one name;
 * ERR_DATA when they were written against different operator sets, whose operators may mean different things.
 */
export function joinModels(
  first: OnnxModel,
  second: OnnxModel,
  { connect, keep = [], prefix = 'second/' }: JoinOptions,
): OnnxModel {
  const [firstOutput, secondInput] = connect;
  const upstream = subgraph(first, { outputs: [firstOutput, ...keep.filter((name) => name !== firstOutput)] });
  if (!graphOf(second).input.some(({ name }) => name === secondInput))
    throw noSuchTensor(second, secondInput, tensorNames(second));
  if (opsetOf(first) !== opsetOf(second))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected two models of one operator set but received opset ${opsetOf(first)} and ${opsetOf(second)}. Build the second with the opset of the first`,
    );

  const results = new Set(graphOf(second).output.map(({ name }) => name));
  const fixed = new Set(graphOf(upstream).input.map(({ name }) => name));
  const clash = [...fixed, ...keep].find((name) => results.has(name));
  if (clash !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Tensor ${JSON.stringify(clash)} of the first model has the name of an output of the second. Rename one of them`,
    );
  const renamedFirst = renameTensors(upstream, (name) => (results.has(name) ? `first/${name}` : name));
  const bridge = results.has(firstOutput) ? `first/${firstOutput}` : firstOutput;
  const renamedSecond = renameTensors(second, (name) =>
    name === secondInput ? bridge : results.has(name) ? name : prefix + name,
  );
  const names = new Set(tensorNames(renamedFirst));
  const twice = tensorNames(renamedSecond).find((name) => name !== bridge && names.has(name));
  if (twice !== undefined)
    throw new EquipoiseError('ERR_OPTION', `Both models have a tensor ${JSON.stringify(twice)}. Rename one of them`);

  const joined = withGraph(renamedFirst, (graph) => {
    const tail = graphOf(renamedSecond);
    graph.name = `${graph.name}+${tail.name}`;
    graph.node = [...graph.node, ...tail.node.map((node) => renamedNode(node, prefix))];
    graph.initializer = [...graph.initializer, ...tail.initializer];
    graph.sparseInitializer = [...graph.sparseInitializer, ...tail.sparseInitializer];
    graph.input = [...graph.input, ...tail.input.filter(({ name }) => name !== bridge)];
    graph.output = [...tail.output, ...graph.output.filter(({ name }) => keep.includes(name))];
    graph.valueInfo = [...graph.valueInfo, ...tail.valueInfo];
    graph.quantizationAnnotation = [...graph.quantizationAnnotation, ...tail.quantizationAnnotation];
  });
  joined.irVersion = first.irVersion > second.irVersion ? first.irVersion : second.irVersion;
  joined.opsetImport = joinedOpsets(first, second);
  joined.functions = [...first.functions, ...second.functions];
  joined.metadataProps = [];
  joined.producerName = 'equipoise';
  joined.producerVersion = '';
  return joined;
}

/** Names of nodes must differ too, where there are any. */
function renamedNode(node: NodeProto, prefix: string): NodeProto {
  if (node.name === '') return node;
  const copy = shallow(node);
  copy.name = prefix + node.name;
  return copy;
}

function joinedOpsets(first: OnnxModel, second: OnnxModel): OnnxModel['opsetImport'] {
  const versions = new Map<string, bigint>();
  for (const { domain, version } of [...first.opsetImport, ...second.opsetImport]) {
    const key = domain === 'ai.onnx' ? '' : domain;
    const other = versions.get(key);
    if (other !== undefined && other !== version)
      throw new EquipoiseError('ERR_DATA', `The models use versions ${other} and ${version} of operator domain ${key}`);
    versions.set(key, version);
  }
  return [...versions].map(([domain, version]) => create(OperatorSetIdProtoSchema, { domain, version }));
}
