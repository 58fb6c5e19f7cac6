import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  ValueInfoProtoSchema,
} from '../../../src/onnx/generated/onnx_pb.js';
import {
  appendPart,
  buildModel,
  castInput,
  cutAt,
  describeModel,
  findPenultimate,
  joinModels,
  readModel,
  renameTensors,
  showTensor,
  subgraph,
  tensorNames,
  type OnnxModel,
} from '../../../src/onnx/index.js';
import { chain, firstNode, runModel, scale } from './models.js';

const fixtures = new URL('../../../../test/fixtures/models/', import.meta.url);
const fixture = async (name: string) => readModel(await readFile(new URL(`${name}/model.onnx`, fixtures)), name);

test('a graph cut at an inner tensor gives that tensor and keeps nothing that it does not need', async () => {
  const cut = cutAt(chain(), 'middle');
  assert.deepEqual(tensorNames(cut), ['x', 'middle.factor', 'middle']);
  assert.deepEqual(await runModel(cut, 'x', [1, 2], [1, 2]), { middle: [2, 4] });
});

test('the runtime infers the shape of a cut that the file does not declare', async () => {
  const cut = cutAt(await fixture('tiny-cnn'), 'flat');
  assert.equal(describeModel(cut).outputs[0]?.shape, null);
  const image = Array.from({ length: 3 * 16 * 16 }, (_, i) => (i % 7) / 7);
  // Twelve channels after the second convolution.
  assert.equal((await runModel(cut, 'pixels', image, [1, 3, 16, 16]))['flat']?.length, 12);
});

test('an unknown tensor is answered with near names and the graph’s inputs and outputs', () => {
  assert.throws(
    () => cutAt(chain(), 'midle'),
    /no tensor "midle"\. Did you mean middle.*Inputs: x float32 \[batch,2\].*Outputs: y float32 \[batch,2\]/,
  );
});

test('the part behind an inner tensor runs on its own', async () => {
  const tail = subgraph(chain(), {
    inputs: [{ name: 'middle', dtype: 'float32', shape: ['batch', 2] }],
    outputs: ['y'],
  });
  assert.deepEqual(describeModel(tail).inputs.map(showTensor), ['middle float32 [batch,2]']);
  assert.deepEqual(await runModel(tail, 'middle', [1, 2], [1, 2]), { y: [3, 6] });
});

test('the penultimate tensor is what the last fully connected layer reads', async () => {
  assert.equal(findPenultimate(await fixture('tiny-cnn')), 'flat');
  assert.equal(findPenultimate(chain()), undefined);
});

test('of a quantised classifier the penultimate tensor is the one in floating point', () => {
  // What dynamic quantisation makes of the last layer; the one before stays as it was.
  const quantised = buildModel({
    name: 'quantised',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 3] }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'first'], outputs: ['features'] },
      { op: 'DynamicQuantizeLinear', inputs: ['features'], outputs: ['integers', 'scale', 'zero'] },
      { op: 'MatMulInteger', inputs: ['integers', 'second', 'zero'], outputs: ['sums'] },
      { op: 'Cast', inputs: ['sums'], outputs: ['floats'], attributes: { to: 1 } },
      { op: 'Mul', inputs: ['floats', 'scale'], outputs: ['scores'] },
    ],
    initializers: [
      { name: 'first', shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
      { name: 'second', shape: [2, 3], data: Int8Array.of(1, 2, 3, 4, 5, 6) },
    ],
  });
  assert.equal(findPenultimate(quantised), 'features');
});

test('an appended part takes the place of the output that it continues', async () => {
  const longer = appendPart(chain(), { after: 'y', part: scale(10), outputName: 'tenfold', shape: ['batch', 2] });
  // 10 · 3 · 2 · x.
  assert.deepEqual(await runModel(longer, 'x', [1, 2], [1, 2]), { aside: [-1, -2], tenfold: [60, 120] });
  assert.throws(() => appendPart(chain(), { after: 'y', part: scale(10), outputName: 'middle' }), /"middle" already/);
});

test('two models with the same inner names become one that computes both in turn', async () => {
  const second = buildModel({
    name: 'second',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 2] }],
    parts: [scale(5, 'x', 'middle'), scale(7, 'middle', 'y')],
  });
  const first = chain();
  for (const model of [first, second]) firstNode(model).name = 'a node';
  const joined = joinModels(first, second, { connect: ['middle', 'x'], keep: ['aside'] });
  // 7 · 5 · (2 · x), next to −x of the first.
  assert.deepEqual(await runModel(joined, 'x', [1, 2], [1, 2]), { y: [70, 140], aside: [-1, -2] });
});

test('the joint may have the name of an output of the second model', async () => {
  const second = cutAt(chain(), 'y');
  const joined = joinModels(cutAt(chain(), 'y'), second, { connect: ['y', 'x'] });
  // 6 · 6 · x.
  assert.deepEqual(await runModel(joined, 'x', [1, 2], [1, 2]), { y: [36, 72] });
});

test('models of different operator sets are not joined, nor two with one name for two things', () => {
  assert.throws(() => joinModels(chain(13), chain(17), { connect: ['y', 'x'] }), /received opset 13 and 17/);
  assert.throws(
    () => joinModels(chain(), chain(), { connect: ['y', 'x'], keep: ['aside'] }),
    /Tensor "aside" .*Rename/,
  );
  assert.throws(() => joinModels(chain(), chain(), { connect: ['y', 'z'] }), /no tensor "z"/);
});

/** y = middle if flag else x, both branches reading from outside. */
function conditional(): OnnxModel {
  const model = buildModel({
    name: 'conditional',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'middle', dtype: 'float32', shape: ['batch', 2] }],
    parts: [scale(2, 'x', 'middle')],
    nodes: [{ op: 'Cast', inputs: ['one'], outputs: ['flag'], attributes: { to: 9 } }],
    initializers: [{ name: 'one', shape: [], data: Int32Array.of(1) }],
  });
  const branch = (name: string, reads: string) =>
    create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.GRAPH,
      g: create(GraphProtoSchema, {
        name,
        node: [create(NodeProtoSchema, { opType: 'Identity', input: [reads], output: [`${name}/out`] })],
        output: [create(ValueInfoProtoSchema, { name: `${name}/out` })],
      }),
    });
  model.graph?.node.push(
    create(NodeProtoSchema, {
      opType: 'If',
      input: ['flag'],
      output: ['y'],
      attribute: [branch('then_branch', 'middle'), branch('else_branch', 'x')],
    }),
  );
  return model;
}

test('cutting keeps what graphs inside nodes read, and renaming reaches into them', async () => {
  const cut = cutAt(conditional(), 'y');
  assert.deepEqual(await runModel(cut, 'x', [1, 2], [1, 2]), { y: [2, 4] });
  const renamed = renameTensors(cut, (name) => `new/${name}`);
  assert.deepEqual(await runModel(renamed, 'new/x', [1, 2], [1, 2]), { 'new/y': [2, 4] });
});

test('a float16 graph takes float32 once its input is cast', async () => {
  const cast = cutAt(castInput(await fixture('tiny-cnn-fp16'), 'pixels'), 'flat');
  assert.deepEqual(describeModel(cast).inputs.map(showTensor), ['pixels float32 [batch,3,16,16]']);
});

test('surgery leaves the given model as it was', () => {
  const model = chain();
  const before = tensorNames(model);
  appendPart(model, { after: 'y', part: scale(2), outputName: 'z' });
  renameTensors(model, (name) => `${name}!`);
  castInput(model, 'x');
  cutAt(model, 'middle');
  assert.deepEqual(tensorNames(model), before);
  assert.deepEqual(
    describeModel(model).outputs.map(({ name }) => name),
    ['y', 'aside'],
  );
});
