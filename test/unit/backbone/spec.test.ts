import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseBackboneSpec } from '../../../src/backbone/index.js';
import { EquipoiseError } from '../../../src/core/errors.js';
import { modelsDir } from './fixtures.js';

type Json = Record<string, Record<string, unknown>>;
const read = async (name: string) => JSON.parse(await readFile(`${modelsDir}${name}/backbone.json`, 'utf8')) as Json;

async function refuses(name: string, change: (spec: Json) => void, why: RegExp) {
  const spec = await read(name);
  change(spec);
  assert.throws(
    () => parseBackboneSpec(spec, 'm/backbone.json'),
    (error: Error) => error instanceof EquipoiseError && error.code === 'ERR_OPTION' && why.test(error.message),
  );
}

test('an image and a text backbone are read as they are written', async () => {
  const cnn = parseBackboneSpec(await read('tiny-cnn'), 'm');
  assert.deepEqual(cnn.output, { name: 'features', pool: 'gap', dim: 12, normalize: false });
  assert.ok(cnn.modality === 'image' && cnn.input.size[0] === 16 && cnn.preprocess.filter === 'bilinear');
  const bert = parseBackboneSpec(await read('tiny-bert'), 'm');
  assert.ok(bert.modality === 'text' && bert.tokenizer.maxLength === 24 && bert.input.names.mask === 'attention_mask');
});

test('unknown keys, pools, filters and modes are errors that suggest near ones', async () => {
  await refuses(
    'tiny-cnn',
    (s) => Object.assign(s, { preproces: {} }),
    /Unknown key m\/backbone\.json\.preproces\. Did you mean preprocess/,
  );
  await refuses(
    'tiny-cnn',
    ({ output }) => Object.assign(output ?? {}, { pool: 'gaps' }),
    /output\.pool "gaps"\. Did you mean gap/,
  );
  await refuses('tiny-cnn', ({ output }) => Object.assign(output ?? {}, { normalise: true }), /Did you mean normalize/);
  await refuses(
    'tiny-cnn',
    ({ preprocess }) => Object.assign(preprocess ?? {}, { filter: 'bicubik' }),
    /Did you mean bicubic/,
  );
  await refuses('tiny-cnn', ({ input }) => Object.assign(input ?? {}, { layout: 'CHWN' }), /one of NCHW, NHWC/);
  await refuses(
    'tiny-bert',
    ({ tokenizer }) => Object.assign(tokenizer ?? {}, { maxlength: 3 }),
    /Did you mean maxLength/,
  );
  await refuses('tiny-bert', (s) => Object.assign(s, { modality: 'audio' }), /one of image, text/);
  await refuses('tiny-bert', (s) => Object.assign(s, { preprocess: {} }), /has no preprocess block/);
});

test('a backbone.json names files of its own folder only', async () => {
  for (const file of ['../model.onnx', '/model.onnx', 'a\\b.onnx', ''])
    await refuses('tiny-cnn', ({ onnx }) => Object.assign(onnx ?? {}, { file }), /a file inside the folder/);
  await refuses(
    'tiny-bert',
    ({ tokenizer }) => Object.assign(tokenizer ?? {}, { file: '../t.json' }),
    /inside the folder/,
  );
});

test('values that no backbone can have are refused', async () => {
  await refuses('tiny-cnn', ({ onnx }) => Object.assign(onnx ?? {}, { sha256: 'abc' }), /64 hexadecimal digits/);
  await refuses('tiny-cnn', ({ onnx }) => Object.assign(onnx ?? {}, { bytes: -1 }), /integer >= 1/);
  await refuses('tiny-cnn', ({ output }) => Object.assign(output ?? {}, { dim: 1.5 }), /integer >= 1/);
  await refuses('tiny-cnn', ({ input }) => Object.assign(input ?? {}, { size: [16] }), /\[height, width\]/);
  await refuses('tiny-cnn', (s) => Object.assign(s, { id: '../x' }), /letters, digits/);
});
