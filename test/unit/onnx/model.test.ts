import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { EquipoiseError } from '../../../src/core/errors.js';
import {
  buildModel,
  describeModel,
  getMetadata,
  readModel,
  setMetadata,
  showTensor,
  writeModel,
} from '../../../src/onnx/index.js';
import { chain, runModel, scale } from './models.js';

const fixtures = new URL('../../../../test/fixtures/models/', import.meta.url);
const isData = (error: unknown) => error instanceof EquipoiseError && error.code === 'ERR_DATA';

test('a file that is read and written again keeps every byte', async () => {
  for (const name of ['tiny-bert', 'tiny-cnn', 'tiny-cnn-fp16', 'tiny-cnn-fixed']) {
    const bytes = new Uint8Array(await readFile(new URL(`${name}/model.onnx`, fixtures)));
    assert.deepEqual(writeModel(readModel(bytes, name)), bytes, name);
  }
});

test('a field that the format gained later survives', () => {
  // Field 26 of a model (tag 26 · 8 + 2 = 210 = d2 01), three bytes of content.
  const bytes = new Uint8Array([...writeModel(chain()), 0xd2, 0x01, 3, 0x0a, 1, 65]);
  assert.deepEqual(writeModel(readModel(bytes, 'later.onnx')), bytes);
  const changed = setMetadata(readModel(bytes, 'later.onnx'), { key: 'value' });
  assert.ok(Buffer.from(writeModel(changed)).includes(Buffer.from([0xd2, 0x01, 3, 0x0a, 1, 65])));
});

test('bytes that are no model are refused by name', () => {
  const whole = writeModel(chain());
  for (const [what, bytes] of Object.entries({
    empty: new Uint8Array(0),
    text: new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'),
    zeros: new Uint8Array(64),
    halved: whole.subarray(0, whole.length / 2),
    graphless: writeModel(chain()).subarray(0, 2),
  }))
    assert.throws(
      () => readModel(bytes, 'cat.onnx'),
      (error: Error) => isData(error) && error.message.startsWith('cat.onnx is not an ONNX model'),
      what,
    );
});

test('a model tells its inputs, outputs and opset; symbolic sizes keep their names', () => {
  const info = describeModel(chain(13));
  assert.deepEqual(info.inputs.map(showTensor), ['x float32 [batch,2]']);
  assert.deepEqual(info.outputs.map(showTensor), ['y float32 [batch,2]', 'aside float32 [batch,2]']);
  assert.equal(info.opset, 13);
  assert.equal(info.nodes, 3);
  assert.equal(info.parameters, 3);
});

test('weights that an old file lists among the inputs are no inputs', () => {
  const model = chain();
  model.graph?.input.push({ ...model.graph.output[0], name: 'middle.factor' } as never);
  assert.deepEqual(
    describeModel(model).inputs.map(({ name }) => name),
    ['x'],
  );
});

test('float16 arithmetic counts as reduced, a stored float16 table that is cast first does not', async () => {
  const precision = async (name: string) =>
    describeModel(readModel(await readFile(new URL(`${name}/model.onnx`, fixtures)), name)).precision;
  assert.equal(await precision('tiny-cnn'), 'float32');
  assert.equal(await precision('tiny-cnn-fp16'), 'reduced');
  const table = buildModel({
    name: 'table',
    inputs: [{ name: 'ids', dtype: 'int64', shape: ['batch'] }],
    outputs: [{ name: 'rows', dtype: 'float32', shape: ['batch', 2] }],
    nodes: [
      { op: 'Gather', inputs: ['table', 'ids'], outputs: ['halves'] },
      { op: 'Cast', inputs: ['halves'], outputs: ['rows'], attributes: { to: 1 } },
    ],
    initializers: [{ name: 'table', shape: [2, 2], data: new Uint16Array(4) }],
  });
  assert.equal(describeModel(table).precision, 'float32');
});

test('metadata comes back as it was set, and a key like __proto__ is only a key', () => {
  const metadata = Object.fromEntries([
    ['equipoise.format', '1'],
    ['__proto__', 'polluted'],
    ['names', '["ä","b"]'],
  ]);
  const model = readModel(writeModel(setMetadata(chain(), metadata)), 'x');
  const read = getMetadata(model);
  assert.deepEqual(Object.entries(read), Object.entries(metadata));
  assert.equal(Object.getPrototypeOf(read), null);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.deepEqual(Object.keys(getMetadata(chain())), []);
});

test('setting metadata leaves the given model as it was', () => {
  const model = chain();
  setMetadata(model, { a: 'b' });
  assert.equal(model.metadataProps.length, 0);
});

test('a built model computes what its nodes say', async () => {
  // y = 3 · (2 · x), aside = −x.
  assert.deepEqual(await runModel(chain(), 'x', [1, 2], [1, 2]), { y: [6, 12], aside: [-1, -2] });
});

test('a node that reads what nothing makes, and a tensor made twice, are refused', () => {
  const spec = {
    name: 'wrong',
    inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
  } as const;
  assert.throws(() => buildModel({ ...spec, parts: [scale(2, 'z', 'y')] }), /reads z, which nothing before it makes/);
  assert.throws(() => buildModel({ ...spec, parts: [scale(2), scale(2)] }), /made twice/);
  assert.throws(() => buildModel({ ...spec, parts: [scale(2, 'x', 'q')] }), /Output y .* made by no node/);
  const short = { name: 'w', shape: [3], data: new Float32Array(2) };
  assert.throws(() => buildModel({ ...spec, outputs: [], initializers: [short] }), /3 = 3 numbers .* w but received 2/);
});
