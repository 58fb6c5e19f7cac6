import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { imageRecipe } from '../../../src/backbone/hugging-face-image.js';
import { poolOf } from '../../../src/backbone/hugging-face-text.js';
import { openBackbone } from '../../../src/backbone/index.js';
import { createRng } from '../../../src/core/rng.js';
import { buildModel, readModel, renameTensors, writeModel, type ModelSpec } from '../../../src/onnx/index.js';
import { failure, folderOf } from '../dataset/temp-folder.js';
import { embedAll, image, largestDifference, modelsDir, text } from './fixtures.js';

const file = (path: string) => readFileSync(`${modelsDir}${path}`);
const json = (value: unknown) => JSON.stringify(value);
const random = (name: string, shape: number[]) => {
  const draws = createRng(0, name).at(0);
  return { name, shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draws.normal()) };
};
const graph = (spec: Omit<ModelSpec, 'name'>) => writeModel(buildModel({ name: 'tiny', ...spec }));

const pixels = { name: 'pixel_values', dtype: 'float32', shape: ['batch', 3, 16, 16] } as const;
const patches = random('patches', [6, 3, 8, 8]);
/** Four tokens of six numbers, as a vision transformer gives them; the first stands for the class token. */
const vit = graph({
  inputs: [pixels],
  outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 4, 6] }],
  nodes: [
    { op: 'Conv', inputs: ['pixel_values', 'patches'], outputs: ['map'], attributes: { strides: [8, 8] } },
    { op: 'Reshape', inputs: ['map', 'shape'], outputs: ['channels'] },
    { op: 'Transpose', inputs: ['channels'], outputs: ['last_hidden_state'], attributes: { perm: [0, 2, 1] } },
  ],
  initializers: [patches, { name: 'shape', shape: [3], data: BigInt64Array.of(0n, 6n, 4n) }],
});
/** The image tower of CLIP: the mean of the patches, projected. */
const tower = graph({
  inputs: [pixels],
  outputs: [{ name: 'image_embeds', dtype: 'float32', shape: ['batch', 5] }],
  nodes: [
    { op: 'Conv', inputs: ['pixel_values', 'patches'], outputs: ['map'], attributes: { strides: [8, 8] } },
    { op: 'GlobalAveragePool', inputs: ['map'], outputs: ['mean'] },
    { op: 'Flatten', inputs: ['mean'], outputs: ['flat'] },
    { op: 'MatMul', inputs: ['flat', 'projection'], outputs: ['image_embeds'] },
  ],
  initializers: [patches, random('projection', [6, 5])],
});
/** Its text tower takes ids alone: it reads from left to right, so padding behind a text is never seen. */
const textTower = graph({
  inputs: [{ name: 'input_ids', dtype: 'int64', shape: ['batch', 'tokens'] }],
  outputs: [{ name: 'text_embeds', dtype: 'float32', shape: ['batch', 4] }],
  nodes: [
    { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['vectors'] },
    { op: 'Gather', inputs: ['vectors', 'second'], outputs: ['text_embeds'], attributes: { axis: 1 } },
  ],
  initializers: [random('table', [100, 4]), { name: 'second', shape: [], data: BigInt64Array.of(1n) }],
});

const processor = {
  image_processor_type: 'ViTImageProcessor',
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.25, 0.25, 0.25],
  resample: 2,
  rescale_factor: 1 / 255,
  size: { height: 16, width: 16 },
};
const preprocess = { resize: [16, 16], filter: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };

function imageFolder(t: TestContext, model: Uint8Array, modelType: string, path = 'onnx/model.onnx'): string {
  return folderOf(t, {
    'config.json': json({ model_type: modelType, architectures: ['Any'] }),
    'preprocessor_config.json': json(processor),
    [path]: model,
  });
}

const pooling = (mode: string) => ({
  word_embedding_dimension: 16,
  pooling_mode_cls_token: false,
  pooling_mode_mean_tokens: false,
  pooling_mode_max_tokens: false,
  pooling_mode_mean_sqrt_len_tokens: false,
  [mode]: true,
});
const modules = (...types: [type: string, path: string][]) =>
  json(
    types.map(([type, path], idx) => ({ idx, name: String(idx), path, type: `sentence_transformers.models.${type}` })),
  );

function sentenceFolder(t: TestContext, mode: string, more: Record<string, string | Uint8Array> = {}): string {
  return folderOf(t, {
    'config.json': json({ model_type: 'bert', max_position_embeddings: 32 }),
    'tokenizer.json': file('tiny-bert/tokenizer.json'),
    'tokenizer_config.json': json({ model_max_length: 24, do_lower_case: true, pad_token: '[PAD]' }),
    'modules.json': modules(['Transformer', ''], ['Pooling', '1_Pooling'], ['Normalize', '2_Normalize']),
    '1_Pooling/config.json': json(pooling(mode)),
    'onnx/model.onnx': file('tiny-bert/model.onnx'),
    ...more,
  });
}

const sentences = ['the cat sleeps', 'what is my old red train doing in the city', 'river'].map(text);

test('a vision transformer’s folder opens as it is: the first token, prepared as its preprocessor_config.json says', async (t) => {
  const folder = imageFolder(t, vit, 'vit');
  const backbone = await openBackbone(folder);
  assert.deepEqual([backbone.modality, backbone.dim, backbone.spec.output.pool], ['image', 6, 'cls']);
  const items = [image(1), image(2)];
  const same = await openBackbone(join(folder, 'onnx/model.onnx'), {
    preprocess,
    output: 'last_hidden_state',
    pool: 'cls',
  });
  assert.deepEqual(await embedAll(backbone, items), await embedAll(same, items));
  const mean = await openBackbone(folder, { pool: 'mean' });
  assert.notDeepEqual(await embedAll(mean, items), await embedAll(backbone, items));
});

test('a classifier’s folder is cut at what its last layer reads, a CLIP tower gives its projection', async (t) => {
  const classifier = renameTensors(readModel(file('tiny-cnn/model.onnx'), 'cnn'), (name) =>
    name === 'scores' ? 'logits' : name,
  );
  const items = [image(1), image(2)];
  const cnn = await openBackbone(imageFolder(t, writeModel(classifier), 'resnet', 'model.onnx'));
  assert.equal(cnn.spec.output.name, 'flat');
  const byHand = await openBackbone(`${modelsDir}tiny-cnn`, { preprocess });
  assert.ok(largestDifference((await embedAll(cnn, items)).flat(), (await embedAll(byHand, items)).flat()) < 1e-6);
  const clip = await openBackbone(imageFolder(t, tower, 'clip_vision_model'));
  assert.deepEqual([clip.dim, clip.spec.output], [5, { name: 'image_embeds', pool: 'none', normalize: false }]);
});

test('one of several graphs is taken by its path: fp32, and int8 near it', async (t) => {
  // Weights as 8-bit integers of one scale, and the image too: what the usual tools write (QDQ).
  const scale = Math.max(...patches.data.map(Math.abs)) / 127;
  const quantised = graph({
    inputs: [pixels],
    outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 4, 6] }],
    nodes: [
      { op: 'QuantizeLinear', inputs: ['pixel_values', 'step', 'middle'], outputs: ['small'] },
      { op: 'DequantizeLinear', inputs: ['small', 'step', 'middle'], outputs: ['coarse'] },
      { op: 'DequantizeLinear', inputs: ['weights', 'scale'], outputs: ['patches'] },
      { op: 'Conv', inputs: ['coarse', 'patches'], outputs: ['map'], attributes: { strides: [8, 8] } },
      { op: 'Reshape', inputs: ['map', 'shape'], outputs: ['channels'] },
      { op: 'Transpose', inputs: ['channels'], outputs: ['last_hidden_state'], attributes: { perm: [0, 2, 1] } },
    ],
    initializers: [
      { name: 'step', shape: [], data: Float32Array.of(4 / 255) },
      { name: 'middle', shape: [], data: Uint8Array.of(128) },
      { name: 'scale', shape: [], data: Float32Array.of(scale) },
      { name: 'weights', shape: patches.shape, data: Int8Array.from(patches.data, (w) => Math.round(w / scale)) },
      { name: 'shape', shape: [3], data: BigInt64Array.of(0n, 6n, 4n) },
    ],
  });
  const folder = folderOf(t, {
    'config.json': json({ model_type: 'vit' }),
    'preprocessor_config.json': json(processor),
    'onnx/model.onnx': vit,
    'onnx/model_quantized.onnx': quantised,
  });
  const items = [image(1), image(2), image(3)];
  const exact = await openBackbone(folder);
  const small = await openBackbone(join(folder, 'onnx/model_quantized.onnx'));
  assert.deepEqual([exact.precision, small.precision], ['float32', 'reduced']);
  assert.notEqual(exact.recipeHash, small.recipeHash);
  const [a, b] = [(await embedAll(exact, items)).flat(), (await embedAll(small, items)).flat()];
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  assert.ok(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) > 0.999 && largestDifference(a, b) > 0);
});

test('several graphs without a usual name are listed, not guessed', async (t) => {
  const folder = folderOf(t, { 'config.json': json({ model_type: 'clip' }), 'onnx/a.onnx': vit, 'onnx/b.onnx': vit });
  await assert.rejects(openBackbone(folder), failure('ERR_OPTION', 'onnx/a.onnx, onnx/b.onnx', 'Pass the path'));
});

test('a sentence encoder’s folder opens with its pooling, normalisation and length', async (t) => {
  for (const [mode, pool] of [
    ['pooling_mode_cls_token', 'cls'],
    ['pooling_mode_mean_tokens', 'mean'],
    ['pooling_mode_max_tokens', 'max'],
    ['pooling_mode_lasttoken', 'last'],
  ] as const) {
    const backbone = await openBackbone(sentenceFolder(t, mode));
    const byHand = await openBackbone(`${modelsDir}tiny-bert`, { pool, normalize: true });
    assert.deepEqual(await embedAll(backbone, sentences), await embedAll(byHand, sentences), pool);
    assert.ok(backbone.spec.modality === 'text' && backbone.spec.tokenizer.maxLength === 24);
  }
  const short = await openBackbone(
    sentenceFolder(t, 'pooling_mode_cls_token', {
      'sentence_bert_config.json': json({ max_seq_length: 5, do_lower_case: false }),
    }),
  );
  assert.ok(short.spec.modality === 'text' && short.spec.tokenizer.maxLength === 5);
});

test('without modules nothing is normalised; without a pooling the caller is asked', async (t) => {
  const plain = { 'modules.json': modules(['Transformer', ''], ['Pooling', '1_Pooling']) };
  assert.equal((await openBackbone(sentenceFolder(t, 'pooling_mode_cls_token', plain))).spec.output.normalize, false);
  const bare = folderOf(t, {
    'config.json': json({ model_type: 'bert' }),
    'tokenizer.json': file('tiny-bert/tokenizer.json'),
    'model.onnx': file('tiny-bert/model.onnx'),
  });
  await assert.rejects(
    openBackbone(bare),
    failure('ERR_OPTION', 'do not say which tensor', '--pool', 'last_hidden_state'),
  );
  assert.equal((await openBackbone(bare, { pool: 'mean' })).dim, 16);
});

test('a prompt that is on by default is put before every text', async (t) => {
  const folder = sentenceFolder(t, 'pooling_mode_mean_tokens', {
    'config_sentence_transformers.json': json({ prompts: { query: 'what is ' }, default_prompt_name: 'query' }),
  });
  const plain = await openBackbone(sentenceFolder(t, 'pooling_mode_mean_tokens'));
  const [prompted, asWritten] = [
    await embedAll(await openBackbone(folder), [text('river')]),
    await embedAll(plain, [text('what is river')]),
  ];
  assert.deepEqual(prompted, asWritten);
});

test('a text tower that takes ids alone opens, and padding does not change a vector', async (t) => {
  const folder = folderOf(t, {
    'config.json': json({ model_type: 'clip_text_model', text_config: { max_position_embeddings: 9 } }),
    'tokenizer.json': file('tiny-bert/tokenizer.json'),
    'tokenizer_config.json': json({ model_max_length: 1000000000000000019884624838656 }),
    'model.onnx': textTower,
  });
  const backbone = await openBackbone(folder);
  assert.ok(backbone.spec.modality === 'text' && backbone.spec.tokenizer.maxLength === 9);
  assert.deepEqual(await embedAll(backbone, sentences), await embedAll(backbone, sentences, 1));
  await assert.rejects(
    openBackbone(folder, { pool: 'mean', output: 'vectors' }),
    failure('ERR_OPTION', 'padding would count'),
  );
});

/** Both towers in one file, as CLIP is exported by default: similarities, and the vectors they are made of. */
const bothTowers = graph({
  inputs: [{ name: 'input_ids', dtype: 'int64', shape: ['texts', 'tokens'] }, pixels],
  outputs: [
    { name: 'logits_per_image', dtype: 'float32', shape: ['batch', 'texts'] },
    { name: 'text_embeds', dtype: 'float32', shape: ['texts', 4] },
    { name: 'image_embeds', dtype: 'float32', shape: ['batch', 4] },
  ],
  nodes: [
    { op: 'Conv', inputs: ['pixel_values', 'patches'], outputs: ['map'], attributes: { strides: [8, 8] } },
    { op: 'GlobalAveragePool', inputs: ['map'], outputs: ['mean'] },
    { op: 'Flatten', inputs: ['mean'], outputs: ['flat'] },
    { op: 'MatMul', inputs: ['flat', 'projection'], outputs: ['image_embeds'] },
    { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['vectors'] },
    { op: 'Gather', inputs: ['vectors', 'second'], outputs: ['text_embeds'], attributes: { axis: 1 } },
    { op: 'Transpose', inputs: ['text_embeds'], outputs: ['columns'], attributes: { perm: [1, 0] } },
    { op: 'MatMul', inputs: ['image_embeds', 'columns'], outputs: ['logits_per_image'] },
  ],
  initializers: [
    patches,
    random('projection', [6, 4]),
    random('table', [100, 4]),
    { name: 'second', shape: [], data: BigInt64Array.of(1n) },
  ],
});

test('a graph with both towers of CLIP embeds images or texts, whichever output is asked for', async (t) => {
  const folder = folderOf(t, {
    'config.json': json({ model_type: 'clip', text_config: { max_position_embeddings: 9 } }),
    'preprocessor_config.json': json(processor),
    'tokenizer.json': file('tiny-bert/tokenizer.json'),
    'onnx/model.onnx': bothTowers,
    'text.onnx': textTower,
  });
  const images = await openBackbone(folder, { output: 'image_embeds' });
  assert.deepEqual([images.modality, images.dim], ['image', 4]);
  assert.equal((await embedAll(images, [image(1), image(2)])).length, 2);
  const texts = await openBackbone(folder, { output: 'text_embeds' });
  const alone = await openBackbone(join(folder, 'text.onnx'));
  assert.deepEqual([texts.modality, texts.dim], ['text', 4]);
  assert.deepEqual(await embedAll(texts, sentences), await embedAll(alone, sentences));
  await assert.rejects(
    openBackbone(folder),
    failure(
      'ERR_OPTION',
      'embeds both images and texts',
      '--backbone-output image_embeds or --backbone-output text_embeds',
    ),
  );
  await assert.rejects(
    openBackbone(folder, { output: 'logits_per_image' }),
    failure('ERR_OPTION', 'also needs input_ids', 'which an image backbone does not give'),
  );
});

test('texts filled up on the left have the vectors of those filled up on the right', async (t) => {
  // The network's positions begin at the padding, so only a graph without any can tell.
  const bag = graph({
    inputs: ['input_ids', 'attention_mask'].map(
      (name) => ({ name, dtype: 'int64', shape: ['batch', 'tokens'] }) as const,
    ),
    outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'tokens', 4] }],
    nodes: [{ op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['last_hidden_state'] }],
    initializers: [random('table', [100, 4])],
  });
  for (const mode of ['pooling_mode_mean_tokens', 'pooling_mode_max_tokens', 'pooling_mode_lasttoken']) {
    const [left, right] = await Promise.all(
      ['left', 'right'].map((padding_side) =>
        openBackbone(
          sentenceFolder(t, mode, {
            'onnx/model.onnx': bag,
            'tokenizer_config.json': json({ padding_side, pad_token: '[MASK]' }),
          }),
        ),
      ),
    );
    assert.ok(left && right);
    assert.notDeepEqual(
      (await left.preprocessor().batch(sentences)).inputs,
      (await right.preprocessor().batch(sentences)).inputs,
    );
    const [a, b] = [await embedAll(left, sentences), await embedAll(right, sentences)];
    assert.ok(largestDifference(a.flat(), b.flat()) < 1e-6, mode);
  }
  await assert.rejects(
    openBackbone(
      sentenceFolder(t, 'pooling_mode_cls_token', {
        'onnx/model.onnx': bag,
        'tokenizer_config.json': json({ padding_side: 'left' }),
      }),
    ),
    failure('ERR_OPTION', 'pool cls', 'left'),
  );
});

test('settings that change vectors and are not known are errors', async (t) => {
  const rejects = async (folder: string, ...words: (string | RegExp)[]) =>
    assert.rejects(openBackbone(folder), failure('ERR_OPTION', ...words));
  const mean = 'pooling_mode_mean_tokens';
  await rejects(
    sentenceFolder(t, 'pooling_mode_weightedmean_tokens'),
    'pooling mode',
    'pooling_mode_weightedmean_tokens',
  );
  await rejects(
    sentenceFolder(t, mean, { '1_Pooling/config.json': json({ ...pooling(mean), pooling_mode_cls_token: true }) }),
    'one pooling mode',
  );
  await rejects(
    sentenceFolder(t, mean, {
      'modules.json': modules(['Transformer', ''], ['Pooling', '1_Pooling'], ['Dense', '2_Dense']),
    }),
    'dense layer',
  );
  await rejects(
    sentenceFolder(t, mean, { 'modules.json': modules(['Transformer', ''], ['LSTM', '1_LSTM']) }),
    'module',
    'LSTM',
  );
  await rejects(sentenceFolder(t, mean, { 'modules.json': modules(['Pooling', '../outside']) }), 'inside the folder');
  await rejects(sentenceFolder(t, mean, { 'tokenizer_config.json': json({ do_lower_case: false }) }), 'do_lower_case');
  await rejects(sentenceFolder(t, mean, { 'sentence_bert_config.json': json({ max_len: 3 }) }), 'max_len');
  const withProcessor = (change: object) =>
    folderOf(t, {
      'config.json': '{"model_type":"vit"}',
      'model.onnx': vit,
      'preprocessor_config.json': json({ ...processor, ...change }),
    });
  await rejects(withProcessor({ do_pad: true }), 'do_pad', 'may change vectors');
  await rejects(withProcessor({ auto_map: { AutoImageProcessor: 'code.Mine' } }), 'auto_map');
  await rejects(withProcessor({ image_processor_type: 'SamImageProcessor' }), 'SamImageProcessor', 'ViTImageProcessor');
  await rejects(withProcessor({ resample: 5 }), 'resample');
  await rejects(withProcessor({ size: { longest_edge: 16 } }), 'size');
  await rejects(withProcessor({ size: { shortest_edge: 16 }, do_center_crop: true }), 'crop_size');
  await rejects(withProcessor({ image_mean: undefined }), 'image_mean');
  await rejects(folderOf(t, { 'config.json': '{}', 'model.onnx': vit }), 'do not say which tensor');
  await rejects(
    folderOf(t, { 'config.json': '{"model_type":"vit"}', 'model.onnx': vit }),
    'preprocessor_config.json',
    '--preprocess',
  );
});

test('sizes are read in every form that the hub has', () => {
  const size = (type: string, value: unknown) =>
    imageRecipe({ image_processor_type: type, do_normalize: false, do_center_crop: false, size: value }, 'c').recipe;
  assert.deepEqual(size('ViTFeatureExtractor', 224)['resize'], [224, 224]);
  assert.equal(size('CLIPImageProcessor', 224)['resizeShortestEdge'], 224);
  assert.equal(size('ViTImageProcessor', { shortest_edge: 256 })['resizeShortestEdge'], 256);
  assert.deepEqual(size('BitImageProcessorFast', { height: 20, width: 30 })['resize'], [20, 30]);
  // 224 / 0.875 = 256; from 384 on nothing is cropped.
  assert.deepEqual(
    [
      size('ConvNextImageProcessor', { shortest_edge: 224 }),
      size('ConvNextImageProcessor', { shortest_edge: 384 }),
    ].map(({ resize, resizeShortestEdge, centerCrop }) => [resize, resizeShortestEdge, centerCrop]),
    [
      [undefined, 256, [224, 224]],
      [[384, 384], undefined, undefined],
    ],
  );
});

test('the newer way of naming a pooling is read too', () => {
  assert.equal(poolOf({ embedding_dimension: 8, pooling_mode: 'lasttoken', include_prompt: true }, 'c'), 'last');
  assert.throws(() => poolOf({ pooling_mode: ['cls', 'mean'] }, 'c'), failure('ERR_OPTION', 'one pooling mode'));
  assert.throws(() => poolOf({ pooling_mode: 'mean', include_prompt: false }, 'c'), failure('ERR_OPTION', 'prompts'));
});
