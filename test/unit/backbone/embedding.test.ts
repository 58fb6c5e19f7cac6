import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBackbone, openModelSession } from '../../../src/backbone/index.js';
import { cutAt, readModel, writeModel } from '../../../src/onnx/index.js';
import { readFile } from 'node:fs/promises';
import { embedAll, image, largestDifference, modelsDir, numbers, text } from './fixtures.js';

const bert = `${modelsDir}tiny-bert`;
const sentences = ['the cat sleeps', 'what is my old red train doing in the city , and who sees it ?', 'river'];

/** Token vectors of each sentence, straight from the network: (tokens, 16). */
async function tokenVectors(): Promise<number[][][]> {
  const preprocessor = (await openBackbone(bert)).preprocessor();
  await using session = await openModelSession(await readFile(`${bert}/model.onnx`), { threads: 1 });
  const vectors: number[][][] = [];
  for (const sentence of sentences) {
    const { inputs } = await preprocessor.batch([text(sentence)]);
    const { last_hidden_state: state } = await session.run(inputs);
    const [, tokens = 0, dim = 0] = state?.dims ?? [];
    const data = state?.data as Float32Array;
    vectors.push(Array.from({ length: tokens }, (_, t) => [...data.subarray(t * dim, (t + 1) * dim)]));
  }
  return vectors;
}

test('a sentence has the same vector alone and padded beside a longer one', async () => {
  for (const pool of ['mean', 'cls', 'last', 'max'] as const) {
    const backbone = await openBackbone(bert, { pool });
    const together = await embedAll(backbone, sentences.map(text));
    const alone = await embedAll(backbone, sentences.map(text), 1);
    for (const [i, sentence] of sentences.entries())
      assert.ok(largestDifference(alone[i] ?? [], together[i] ?? []) < 1e-5, `${pool}, ${sentence}`);
  }
});

test('the mask matters: without it the padded vector would be another', async () => {
  const backbone = await openBackbone(bert);
  const { inputs } = await backbone.preprocessor().batch(sentences.map(text));
  const mask = inputs['attention_mask'];
  await using session = await openModelSession(backbone.graph(), { threads: 1 });
  const unmasked = {
    ...inputs,
    attention_mask: { data: new BigInt64Array(mask?.data.length ?? 0).fill(1n), dims: mask?.dims ?? [] },
  };
  const vectors = async (feeds: typeof inputs) => numbers((await session.run(feeds))['embedding']);
  assert.ok(largestDifference(await vectors(inputs), await vectors(unmasked)) > 0.01);
});

test('each text pooling equals its definition, computed by hand from the token vectors', async () => {
  const expected = (await tokenVectors()).map((tokens) => {
    const first = tokens[0] ?? [];
    const over = (combine: (column: number[]) => number) =>
      first.map((_, j) => combine(tokens.map((token) => token[j] as number)));
    return {
      mean: over((column) => column.reduce((a, b) => a + b) / column.length),
      max: over((column) => Math.max(...column)),
      cls: first,
      last: tokens.at(-1) ?? [],
    };
  });
  for (const pool of ['mean', 'max', 'cls', 'last'] as const) {
    const vectors = await embedAll(await openBackbone(bert, { pool }), sentences.map(text));
    for (const [i, sentence] of sentences.entries())
      assert.ok(largestDifference(vectors[i] ?? [], expected[i]?.[pool] ?? []) < 1e-5, `${pool}, ${sentence}`);
  }
});

test('normalised vectors have length 1 and the direction of the others', async () => {
  const [plain = []] = await embedAll(await openBackbone(bert), [text('a good dog')]);
  const [unit = []] = await embedAll(await openBackbone(bert, { normalize: true }), [text('a good dog')]);
  const length = Math.hypot(...plain);
  assert.ok(
    largestDifference(
      unit,
      plain.map((value) => value / length),
    ) < 1e-6,
  );
});

test('spatial pooling equals its definition, computed by hand from the feature map', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const { inputs } = await backbone.preprocessor().batch([image(5)]);
  const published = readModel(await readFile(`${modelsDir}tiny-cnn/model.onnx`), 'cnn');
  await using session = await openModelSession(writeModel(cutAt(published, 'features')), { threads: 1 });
  const map = (await session.run(inputs))['features']?.data as Float32Array;
  // 12 channels of 4 x 4.
  const channels = Array.from({ length: 12 }, (_, c) => [...map.subarray(c * 16, (c + 1) * 16)]);
  const [gap = []] = await embedAll(backbone, [image(5)]);
  assert.ok(
    largestDifference(
      gap,
      channels.map((values) => values.reduce((a, b) => a + b) / 16),
    ) < 1e-6,
  );
  const [max = []] = await embedAll(await openBackbone(`${modelsDir}tiny-cnn`, { pool: 'max' }), [image(5)]);
  assert.deepEqual(
    max,
    channels.map((values) => Math.max(...values)),
  );
});

test('a float16 graph takes float32 images and gives float32 vectors near those of its float32 twin', async () => {
  const preprocess = (await openBackbone(`${modelsDir}tiny-cnn`)).recipe;
  assert.ok(preprocess.modality === 'image');
  const options = { output: 'features', pool: 'gap', preprocess: preprocess.preprocess } as const;
  const half = await openBackbone(`${modelsDir}tiny-cnn-fp16`, options);
  assert.equal(half.precision, 'reduced');
  const items = [image(1), image(2), image(3)];
  const exact = await embedAll(await openBackbone(`${modelsDir}tiny-cnn`), items);
  const near = await embedAll(half, items);
  const difference = largestDifference(near.flat(), exact.flat());
  // Eleven bits of mantissa: about 5e-4 of the size of the numbers, times a few operations.
  assert.ok(difference > 0 && difference < 5e-3 * Math.max(...exact.flat()), String(difference));
});

test('a graph for one row at a time gives the vectors of its twin for any number', async () => {
  const twin = await openBackbone(`${modelsDir}tiny-cnn`);
  assert.ok(twin.recipe.modality === 'image');
  const fixed = await openBackbone(`${modelsDir}tiny-cnn-fixed`, {
    output: 'features',
    pool: 'gap',
    preprocess: twin.recipe.preprocess,
  });
  const items = Array.from({ length: 5 }, (_, i) => image(i));
  assert.ok(largestDifference((await embedAll(fixed, items)).flat(), (await embedAll(twin, items)).flat()) < 1e-6);
  await using session = await openModelSession(fixed.graph(), { threads: 1 });
  const { inputs } = await fixed.preprocessor().batch(items);
  assert.deepEqual((await session.run(inputs))['embedding']?.dims, [5, 12]);
});

test('a bad item is left out and told; the others keep their order and their vectors', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const broken = { kind: 'encoded-image', bytes: new TextEncoder().encode('no image') } as const;
  const { inputs, count, kept, failures } = await backbone
    .preprocessor()
    .batch([broken, image(1), text('x'), image(2), broken]);
  assert.deepEqual([count, kept], [2, [1, 3]]);
  assert.deepEqual(
    failures.map(({ index, error }) => [index, error.code]),
    [
      [0, 'ERR_DATA'],
      [2, 'ERR_DATA'],
      [4, 'ERR_DATA'],
    ],
  );
  const clean = await backbone.preprocessor().batch([image(1), image(2)]);
  assert.deepEqual(inputs, clean.inputs);
  const texts = (await openBackbone(bert)).preprocessor();
  assert.deepEqual((await texts.batch([text(''), text('cat'), image(1)])).kept, [1]);
});
