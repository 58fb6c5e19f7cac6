// Draws the small data sets and backbones (random weights) that docs/embedding.md embeds.
//
// usage, after a build: node scripts/embedding-examples.mjs DIR

import { cpSync, createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import tar from 'tar-stream';
import { createRng } from '../dist/src/core/rng.js';
import { npyHeader } from '../dist/src/interchange/npy.js';
import { buildModel, writeModel } from '../dist/src/onnx/index.js';

const [dir] = process.argv.slice(2);
if (dir === undefined) {
  process.stderr.write('usage: node scripts/embedding-examples.mjs DIR\n');
  process.exit(2);
}
const fixtures = fileURLToPath(new URL('../test/fixtures/models/', import.meta.url));

function write(path, content) {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}
const json = (value) => JSON.stringify(value, null, 1);

// Pictures of noise around a colour, four red ones and two blue ones.

const pictures = ['blue/1', 'blue/2', 'red/1', 'red/2', 'red/3', 'red/4'].map((name) => {
  const [label] = name.split('/');
  const draws = createRng(0, name).at(0);
  const colour = label === 'red' ? [200, 40, 40] : [40, 60, 200];
  const side = 32;
  const pixels = Uint8Array.from(
    { length: side * side * 3 },
    (_, i) => colour[i % 3] + Math.floor(40 * draws.uniform()),
  );
  return { name, label, side, pixels };
});
for (const picture of pictures)
  picture.jpeg = await sharp(picture.pixels, { raw: { width: 32, height: 32, channels: 3 } })
    .jpeg()
    .toBuffer();

for (const { name, jpeg } of pictures) write(`photos/${name}.jpg`, jpeg);
write('photos.csv', `file,label\n${pictures.map(({ name, label }) => `photos/${name}.jpg,${label}\n`).join('')}`);
write(
  'photos.list',
  pictures.map(({ name, label }) => `photos/${name}.jpg\t${label === 'red' ? 'warm' : 'cold'}\n`).join(''),
);

const imageColumn = { name: 'image', data: pictures.map(({ jpeg }) => new Uint8Array(jpeg)), type: 'BYTE_ARRAY' };
const labelColumn = { name: 'label', data: pictures.map(({ label }) => label), type: 'STRING' };
write('photos.parquet', new Uint8Array(parquetWriteBuffer({ columnData: [imageColumn, labelColumn] })));

const pack = tar.pack();
for (const { name, label, jpeg } of pictures) {
  pack.entry({ name: `${name.replace('/', '-')}.jpg` }, jpeg);
  pack.entry({ name: `${name.replace('/', '-')}.cls` }, label);
}
pack.finalize();
await pipeline(pack, createWriteStream(join(dir, 'photos.tar')));

/** IDX, as MNIST has it: a magic number, the sizes, the bytes. */
function idx(sizes, bytes) {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x0800 + sizes.length);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, bytes]);
}
const grey = pictures.map(({ pixels }) => Buffer.from(pixels.filter((_, i) => i % 3 === 0)));
const ids = Buffer.from(pictures.map(({ label }) => (label === 'red' ? 1 : 0)));
write('digits/train-images-idx3-ubyte', idx([pictures.length, 32, 32], Buffer.concat(grey)));
write('digits/train-labels-idx1-ubyte', idx([pictures.length], ids));

/** A label byte, then a plane for each colour. */
const record = ({ pixels }, i) =>
  Buffer.concat([ids.subarray(i, i + 1), ...[0, 1, 2].map((c) => Buffer.from(pixels.filter((_, j) => j % 3 === c)))]);
write('cifar/data_batch_1.bin', Buffer.concat(pictures.map(record)));
write('cifar/batches.meta.txt', 'blue\nred\n');

// Questions, in three kinds of tables.

const questions = [
  ['who', 'who is the man in the red car'],
  ['where', 'where is my old book'],
  ['who', 'who plays music on the moon'],
  ['where', 'where was the bird'],
];
write('questions.csv', `label,text\n${questions.map((pair) => `${pair.join(',')}\n`).join('')}`);
write('questions.tsv', `label\ttext\n${questions.map((pair) => `${pair.join('\t')}\n`).join('')}`);
write('questions.jsonl', questions.map(([label, text]) => `${JSON.stringify({ label, text })}\n`).join(''));
write('sizes.csv', 'width,height,kind\n0.5,0.25,small\n0.75,0.5,small\n3.5,2,large\n');

// Embeddings that another program made.

const rows = Float32Array.from({ length: 4 * 8 }, (_, i) => Math.fround(Math.sin(i)));
write('features.npy', Buffer.concat([npyHeader([4, 8]), new Uint8Array(rows.buffer)]));
write('labels.txt', 'cat\ncat\ndog\ncat\n');

// Backbones. What test/fixtures has is taken from there.

for (const name of ['tiny-cnn', 'tiny-cnn-fp16', 'tiny-cnn-fixed'])
  cpSync(join(fixtures, name, 'model.onnx'), join(dir, 'graphs', `${name.replace('tiny-', '')}.onnx`));
cpSync(join(fixtures, 'tiny-cnn'), join(dir, 'described'), { recursive: true });

function random(name, shape) {
  const draws = createRng(0, name).at(0);
  return { name, shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draws.normal()) };
}
const graph = (spec) => writeModel(buildModel({ name: 'example', ...spec }));
const integer = (name, ...values) => ({ name, shape: [values.length], data: BigInt64Array.from(values, BigInt) });
const pixels = { name: 'pixel_values', dtype: 'float32', shape: ['batch', 3, 16, 16] };
const patches = random('patches', [6, 3, 8, 8]);
const conv = { op: 'Conv', inputs: ['pixel_values', 'patches'], outputs: ['map'], attributes: { strides: [8, 8] } };
const classifierEnd = [
  { op: 'GlobalAveragePool', inputs: ['map'], outputs: ['mean'] },
  { op: 'Flatten', inputs: ['mean'], outputs: ['features'] },
];

// Dynamic quantisation of the last layer, as the usual tools write it.
const int8 = {
  inputs: [pixels],
  outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 5] }],
  nodes: [
    conv,
    ...classifierEnd,
    { op: 'DynamicQuantizeLinear', inputs: ['features'], outputs: ['integers', 'scale', 'zero'] },
    { op: 'MatMulInteger', inputs: ['integers', 'weights', 'zero'], outputs: ['sums'] },
    { op: 'Cast', inputs: ['sums'], outputs: ['floats'], attributes: { to: 1 } },
    { op: 'Mul', inputs: ['floats', 'scale'], outputs: ['scores'] },
  ],
  initializers: [patches, { name: 'weights', shape: [6, 5], data: Int8Array.from({ length: 30 }, (_, i) => i - 15) }],
};
write('graphs/cnn-int8.onnx', graph(int8));

const processor = (type, size) => ({
  image_processor_type: type,
  size,
  crop_size: { height: 16, width: 16 },
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
});

// Four patches of six numbers; the first takes the place of the class token.
const vit = {
  inputs: [pixels],
  outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 4, 6] }],
  nodes: [
    conv,
    { op: 'Reshape', inputs: ['map', 'shape'], outputs: ['channels'] },
    { op: 'Transpose', inputs: ['channels'], outputs: ['last_hidden_state'], attributes: { perm: [0, 2, 1] } },
  ],
  initializers: [patches, integer('shape', 0, 6, 4)],
};
write('vit/onnx/model.onnx', graph(vit));
write('vit/config.json', json({ model_type: 'vit' }));
write('vit/preprocessor_config.json', json(processor('ViTImageProcessor', { height: 16, width: 16 })));

// Both towers in one graph, and what they are compared by.
const clip = {
  inputs: [{ name: 'input_ids', dtype: 'int64', shape: ['texts', 'tokens'] }, pixels],
  outputs: [
    { name: 'logits_per_image', dtype: 'float32', shape: ['batch', 'texts'] },
    { name: 'text_embeds', dtype: 'float32', shape: ['texts', 4] },
    { name: 'image_embeds', dtype: 'float32', shape: ['batch', 4] },
  ],
  nodes: [
    conv,
    ...classifierEnd,
    { op: 'MatMul', inputs: ['features', 'projection'], outputs: ['image_embeds'] },
    { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['vectors'] },
    { op: 'ReduceMean', inputs: ['vectors'], outputs: ['text_embeds'], attributes: { axes: [1], keepdims: 0 } },
    { op: 'Transpose', inputs: ['text_embeds'], outputs: ['columns'], attributes: { perm: [1, 0] } },
    { op: 'MatMul', inputs: ['image_embeds', 'columns'], outputs: ['logits_per_image'] },
  ],
  initializers: [patches, random('projection', [6, 4]), random('table', [100, 4])],
};
const tokenizer = readFileSync(join(fixtures, 'tiny-bert', 'tokenizer.json'));
write('clip/onnx/model.onnx', graph(clip));
write('clip/config.json', json({ model_type: 'clip', text_config: { max_position_embeddings: 77 } }));
write('clip/preprocessor_config.json', json(processor('CLIPImageProcessor', { shortest_edge: 16 })));
write('clip/tokenizer.json', tokenizer);

write('sentences/onnx/model.onnx', readFileSync(join(fixtures, 'tiny-bert', 'model.onnx')));
write('sentences/config.json', json({ model_type: 'bert', max_position_embeddings: 32 }));
write('sentences/tokenizer.json', tokenizer);
write('sentences/tokenizer_config.json', json({ model_max_length: 24, do_lower_case: true, pad_token: '[PAD]' }));
write('sentences/1_Pooling/config.json', json({ word_embedding_dimension: 16, pooling_mode_mean_tokens: true }));
const module = (type, path) => ({ type: `sentence_transformers.models.${type}`, path });
write(
  'sentences/modules.json',
  json([module('Transformer', ''), module('Pooling', '1_Pooling'), module('Normalize', '2_Normalize')]),
);
