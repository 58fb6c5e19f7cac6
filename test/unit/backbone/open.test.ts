import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listBackbones, openBackbone } from '../../../src/backbone/index.js';
import { EquipoiseError, type ErrorCode } from '../../../src/core/errors.js';
import { buildModel, describeModel, readModel, showTensor, writeModel } from '../../../src/onnx/index.js';
import { embedAll, image, modelsDir } from './fixtures.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backbone-'));
});
after(() => rm(folder, { recursive: true }));

const cnn = `${modelsDir}tiny-cnn`;
const lone = `${modelsDir}tiny-cnn-fixed`;
const options = { preprocess: 'imagenet', output: 'features', pool: 'gap' } as const;

function rejects(opening: Promise<unknown>, code: ErrorCode, why: RegExp) {
  return assert.rejects(
    opening,
    (error: Error) => error instanceof EquipoiseError && error.code === code && why.test(error.message),
  );
}

/** A copy of tiny-cnn whose backbone.json is changed. */
async function changed(name: string, change: (spec: Record<string, Record<string, unknown>>) => void): Promise<string> {
  const path = join(folder, name);
  await cp(cnn, path, { recursive: true });
  const spec = JSON.parse(await readFile(join(path, 'backbone.json'), 'utf8')) as never;
  change(spec);
  await writeFile(join(path, 'backbone.json'), JSON.stringify(spec));
  return path;
}

test('tiny-image opens by name and embeds an image', async () => {
  const backbone = await openBackbone('tiny-image');
  assert.deepEqual(
    [backbone.id, backbone.modality, backbone.dim, backbone.precision],
    ['tiny-image', 'image', 128, 'float32'],
  );
  const [vector = []] = await embedAll(backbone, [
    { kind: 'pixels', data: new Uint8Array(40 * 50 * 3), width: 50, height: 40, channels: 3 },
  ]);
  assert.equal(vector.length, 128);
  // The last layer is a ReLU and an average.
  assert.ok(vector.every((value) => value >= 0) && vector.some((value) => value > 0));
});

test('backbones of further folders are listed and open by name', async () => {
  const list = await listBackbones([modelsDir]);
  assert.deepEqual(
    list.filter(({ complete }) => complete).map(({ id, dim }) => [id, dim]),
    [
      ['tiny-bert', 16],
      ['tiny-cnn', 12],
      ['tiny-image', 128],
    ],
  );
  assert.equal((await openBackbone('tiny-bert', { modelsDirs: [modelsDir] })).modality, 'text');
});

test('a prepared graph has one output, embedding, whatever the file called it', async () => {
  const backbone = await openBackbone(cnn);
  const { inputs, outputs } = describeModel(readModel(backbone.graph(), 'prepared'));
  assert.deepEqual(inputs.map(showTensor), ['pixels float32 [batch,3,16,16]']);
  assert.deepEqual(outputs.map(showTensor), ['embedding float32 [batch,12]']);
});

test('the same tensor by name, by pooling and as the penultimate one gives the same vectors', async () => {
  const items = [image(1), image(2)];
  const pooled = await embedAll(await openBackbone(cnn), items);
  assert.deepEqual(await embedAll(await openBackbone(cnn, { output: 'flat', pool: 'none' }), items), pooled);
  assert.deepEqual(await embedAll(await openBackbone(cnn, { output: 'penultimate', pool: 'none' }), items), pooled);
  // (batch, 12, 1, 1) counts as vectors.
  assert.deepEqual(await embedAll(await openBackbone(cnn, { output: 'pool', pool: 'none' }), items), pooled);
});

test('an unknown name is answered with near ones and how to add a backbone', async () => {
  await rejects(openBackbone('tinyimage'), 'ERR_OPTION', /Did you mean tiny-image\?.*To add one, pass a folder/);
  await rejects(openBackbone('./none.onnx'), 'ERR_OPTION', /no file or folder \.\/none\.onnx/);
  await rejects(openBackbone(folder), 'ERR_OPTION', /one ONNX file in .* but found neither/);
});

test('a file that is not the declared one is refused', async () => {
  const wrongHash = await changed('hash', ({ onnx }) => Object.assign(onnx ?? {}, { sha256: '0'.repeat(64) }));
  await rejects(openBackbone(wrongHash), 'ERR_INTEGRITY', /Expected sha256 0{64}/);
  const wrongSize = await changed('size', ({ onnx }) => Object.assign(onnx ?? {}, { bytes: 7 }));
  await rejects(openBackbone(wrongSize), 'ERR_INTEGRITY', /Expected 7 bytes/);
});

test('what the backbone.json says wrongly of the graph is told with the graph’s inputs and outputs', async () => {
  const listed = /Inputs: pixels float32 \[batch,3,16,16\]\. Outputs: scores float32 \[batch,5\]/;
  const cases: [string, (spec: Record<string, Record<string, unknown>>) => void][] = [
    ['input', ({ input }) => Object.assign(input ?? {}, { name: 'pixel_values' })],
    [
      '32',
      ({ input, preprocess }) => (
        Object.assign(input ?? {}, { size: [32, 32] }),
        Object.assign(preprocess ?? {}, { centerCrop: 32 })
      ),
    ],
    ['dtype', ({ input }) => Object.assign(input ?? {}, { dtype: 'float16' })],
    ['tensor', ({ output }) => Object.assign(output ?? {}, { name: 'feature' })],
  ];
  for (const [name, change] of cases) await rejects(openBackbone(await changed(name, change)), 'ERR_OPTION', listed);
  const dim = await changed('dim', ({ output }) => Object.assign(output ?? {}, { dim: 13 }));
  await rejects(openBackbone(dim), 'ERR_SHAPE', /length 13, as declared, but features .* \[1, 12, 4, 4\]/);
});

test('a pooling that does not fit the tensor is refused with those that do', async () => {
  await rejects(openBackbone(cnn, { pool: 'mean' }), 'ERR_OPTION', /3 axes for pool mean .*Pools for it: max, gap/);
  await rejects(
    openBackbone(cnn, { output: 'flat', pool: 'gap' }),
    'ERR_OPTION',
    /4 axes for pool gap .*Pools for it: none/,
  );
});

test('a graph without backbone.json opens with options, and says which are missing', async () => {
  const backbone = await openBackbone(lone, options);
  assert.deepEqual([backbone.id, backbone.dim], ['tiny-cnn-fixed', 12]);
  assert.equal((await openBackbone(`${lone}/model.onnx`, options)).recipeHash, backbone.recipeHash);
  await rejects(openBackbone(lone), 'ERR_OPTION', /Expected imagenet, caffe, clip, none or a preprocess block/);
  await rejects(openBackbone(lone, { preprocess: 'imagnet' }), 'ERR_OPTION', /Did you mean imagenet/);
  const bert = `${modelsDir}tiny-bert/model.onnx`;
  const alone = join(folder, 'alone');
  await cp(bert, join(alone, 'bert.onnx'));
  await rejects(openBackbone(alone), 'ERR_OPTION', /the path of a tokenizer\.json .*input_ids int64/);
  const tokenizer = `${modelsDir}tiny-bert/tokenizer.json`;
  assert.equal((await openBackbone(alone, { tokenizer, pool: 'mean' })).dim, 16);
});

test('a graph for exactly four rows is refused before it is run', async () => {
  const four = buildModel({
    name: 'four',
    inputs: [{ name: 'pixels', dtype: 'float32', shape: [4, 3, 8, 8] }],
    outputs: [{ name: 'mean', dtype: 'float32' }],
    nodes: [{ op: 'GlobalAveragePool', inputs: ['pixels'], outputs: ['mean'] }],
  });
  const path = join(folder, 'four.onnx');
  await writeFile(path, writeModel(four));
  const why = /any number of rows, or for one, but .* takes pixels float32 \[4,3,8,8\]/;
  await rejects(openBackbone(path, { preprocess: 'none' }), 'ERR_OPTION', why);
});

test('an option that does not apply is refused, not ignored', async () => {
  await rejects(
    openBackbone(cnn, { tokenizer: 'x' }),
    'ERR_OPTION',
    /Option tokenizer does not apply to the image backbone/,
  );
  await rejects(
    openBackbone('tiny-bert', { modelsDirs: [modelsDir], size: [8, 8] }),
    'ERR_OPTION',
    /Option size does not apply/,
  );
  await rejects(openBackbone(cnn, { normalise: true } as never), 'ERR_OPTION', /Did you mean normalize/);
});

test('a text file is no backbone', async () => {
  const path = join(folder, 'notes.onnx');
  await writeFile(path, 'just some notes');
  await rejects(openBackbone(path, options), 'ERR_DATA', /notes\.onnx is not an ONNX model/);
});

test('the recipe hash changes with everything that changes a vector and with nothing else', async () => {
  const hashes = await Promise.all(
    [
      openBackbone(cnn),
      openBackbone(cnn, { pool: 'gap', output: 'features' }),
      openBackbone(await changed('licence', (spec) => Object.assign(spec, { license: 'other', source: 'other' }))),
      openBackbone(cnn, { pool: 'max' }),
      openBackbone(cnn, { normalize: true }),
      openBackbone(cnn, { output: 'conv2' }),
      openBackbone(cnn, { preprocess: 'imagenet' }),
      openBackbone(lone, { ...options }),
    ].map(async (opening) => (await opening).recipeHash),
  );
  assert.equal(hashes[1], hashes[0]);
  assert.equal(hashes[2], hashes[0]);
  assert.equal(new Set(hashes).size, hashes.length - 2);
});
