// Networks of well-known shapes with random weights: as fast as the real ones, and nothing to download.
// Each folder opens as a backbone (backbone.json) and as a local model of transformers.js (config.json, onnx/model.onnx).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '../../dist/src/core/rng.js';
import { buildModel, writeModel } from '../../dist/src/onnx/index.js';

/** Nodes and weights, named as they come. */
class Graph {
  nodes = [];
  initializers = [];
  #draws = createRng(1, 'weights').at(0);

  weight(shape, scale) {
    const name = `w${this.initializers.length}`;
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, () => (this.#draws.uniform() - 0.5) * 2 * scale);
    this.initializers.push({ name, shape, data });
    return name;
  }

  constant(data, shape = [data.length]) {
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, shape, data });
    return name;
  }

  add(op, inputs, attributes = {}, output = `t${this.nodes.length}`) {
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  conv(x, from, to, { size = 3, stride = 1, group = 1, pad = (size - 1) / 2 } = {}) {
    const fan = (from / group) * size * size;
    const inputs = [x, this.weight([to, from / group, size, size], Math.sqrt(6 / fan)), this.weight([to], 0.01)];
    return this.add('Conv', inputs, {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  }

  relu(x) {
    return this.add('Relu', [x]);
  }

  relu6(x) {
    return this.add('Clip', [x, this.constant(Float32Array.of(0), []), this.constant(Float32Array.of(6), [])]);
  }

  maxPool(x, pad = 0) {
    return this.add('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [pad, pad, pad, pad] });
  }

  linear(x, from, to) {
    const product = this.add('MatMul', [x, this.weight([from, to], Math.sqrt(3 / from))]);
    return this.add('Add', [product, this.weight([to], 0.01)]);
  }

  norm(x, width) {
    const [scale, shift] = [this.constant(new Float32Array(width).fill(1)), this.constant(new Float32Array(width))];
    return this.add('LayerNormalization', [x, scale, shift], { axis: -1 });
  }
}

function squeezenet(graph) {
  const fire = (x, from, squeeze, expand) => {
    const s = graph.relu(graph.conv(x, from, squeeze, { size: 1 }));
    const parts = [graph.conv(s, squeeze, expand, { size: 1 }), graph.conv(s, squeeze, expand)];
    return graph.add(
      'Concat',
      parts.map((part) => graph.relu(part)),
      { axis: 1 },
    );
  };
  let x = graph.maxPool(graph.relu(graph.conv('pixel_values', 3, 64, { stride: 2, pad: 0 })));
  x = graph.maxPool(fire(fire(x, 64, 16, 64), 128, 16, 64));
  x = graph.maxPool(fire(fire(x, 128, 32, 128), 256, 32, 128));
  x = fire(fire(fire(fire(x, 256, 48, 192), 384, 48, 192), 384, 64, 256), 512, 64, 256);
  return { x, dim: 512 };
}

function mobilenet(graph) {
  let x = graph.relu6(graph.conv('pixel_values', 3, 32, { stride: 2 }));
  let from = 32;
  for (const [expand, to, repeats, stride] of [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ])
    for (let i = 0; i < repeats; i++) {
      const wide = from * expand;
      let y = expand === 1 ? x : graph.relu6(graph.conv(x, from, wide, { size: 1 }));
      y = graph.relu6(graph.conv(y, wide, wide, { stride: i === 0 ? stride : 1, group: wide }));
      y = graph.conv(y, wide, to, { size: 1 });
      x = i > 0 ? graph.add('Add', [x, y]) : y;
      from = to;
    }
  return { x: graph.relu6(graph.conv(x, from, 1280, { size: 1 })), dim: 1280 };
}

function resnet18(graph) {
  let x = graph.maxPool(graph.relu(graph.conv('pixel_values', 3, 64, { size: 7, stride: 2 })), 1);
  let from = 64;
  for (const to of [64, 128, 256, 512])
    for (let i = 0; i < 2; i++) {
      const stride = i === 0 && to !== 64 ? 2 : 1;
      const y = graph.conv(graph.relu(graph.conv(x, from, to, { stride })), to, to);
      const way = stride === 1 ? x : graph.conv(x, from, to, { size: 1, stride });
      x = graph.relu(graph.add('Add', [y, way]));
      from = to;
    }
  return { x, dim: 512 };
}

const nets = { squeezenet, mobilenet, resnet18 };
const types = {
  squeezenet: ['resnet', 'ResNetModel'],
  mobilenet: ['mobilenet_v2', 'MobileNetV2Model'],
  resnet18: ['resnet', 'ResNetModel'],
};
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

const json = (folder, name, value) => writeFile(join(folder, name), JSON.stringify(value));

/** A network for images of 224 x 224: by default cut out of an image of shortest edge 256, as these networks are trained. */
export async function writeImageModel(folder, name, { squeezed = false } = {}) {
  const graph = new Graph();
  const { x, dim } = nets[name](graph);
  graph.add('Flatten', [graph.add('GlobalAveragePool', [x])], { axis: 1 }, 'pooler_output');
  graph.add('Identity', [x], {}, 'last_hidden_state');
  const model = buildModel({
    name,
    inputs: [{ name: 'pixel_values', dtype: 'float32', shape: ['batch', 3, 224, 224] }],
    outputs: [
      { name: 'last_hidden_state', dtype: 'float32', shape: ['batch', dim, 'height', 'width'] },
      { name: 'pooler_output', dtype: 'float32', shape: ['batch', dim] },
    ],
    nodes: graph.nodes,
    initializers: graph.initializers,
  });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx', 'model.onnx'), writeModel(model));
  const [model_type, architecture] = types[name];
  await json(folder, 'config.json', { model_type, architectures: [architecture] });
  await json(folder, 'preprocessor_config.json', {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    ...(squeezed
      ? { size: { height: 224, width: 224 } }
      : { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: { height: 224, width: 224 } }),
    resample: 2,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  });
  await json(folder, 'backbone.json', {
    id: name,
    modality: 'image',
    onnx: { file: 'onnx/model.onnx' },
    input: { name: 'pixel_values', layout: 'NCHW', size: [224, 224] },
    output: { name: 'pooler_output', dim },
    preprocess: {
      ...(squeezed ? { resize: [224, 224] } : { resizeShortestEdge: 256, centerCrop: 224 }),
      filter: 'bilinear',
      mean,
      std,
    },
  });
}

const WORDS = 8000;
const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
export const word = (i) => `w${String.fromCharCode(97 + (i % 26))}${i}`;

/** Six layers of 384 numbers with 12 heads, as MiniLM-L6 has; one token a word, two more a text. */
export async function writeTextModel(folder) {
  const [width, heads, inner, most] = [384, 12, 1536, 512];
  const graph = new Graph();
  const ids = ['input_ids', 'attention_mask', 'token_type_ids'];
  const one = graph.constant(BigInt64Array.of(1n));
  const length = graph.add('Slice', [graph.add('Shape', ['input_ids']), one, graph.constant(BigInt64Array.of(2n))]);
  const zero = graph.constant(BigInt64Array.of(0n));
  const places = graph.add('Slice', [graph.weight([most, width], 0.1), zero, length, zero]);
  const words = graph.add('Gather', [graph.weight([WORDS + special.length, width], 0.1), 'input_ids']);
  const kinds = graph.add('Gather', [graph.weight([2, width], 0.1), 'token_type_ids']);
  let x = graph.norm(graph.add('Add', [graph.add('Add', [words, kinds]), places]), width);
  const kept = graph.add('Cast', ['attention_mask'], { to: 1 });
  const hidden = graph.add('Sub', [graph.constant(Float32Array.of(1)), kept]);
  const bias = graph.add('Unsqueeze', [
    graph.add('Mul', [hidden, graph.constant(Float32Array.of(-10000))]),
    graph.constant(BigInt64Array.of(1n, 2n)),
  ]);
  const split = graph.constant(BigInt64Array.of(0n, 0n, BigInt(heads), BigInt(width / heads)));
  const join_ = graph.constant(BigInt64Array.of(0n, 0n, BigInt(width)));
  const scale = graph.constant(Float32Array.of(Math.sqrt(width / heads)));
  for (let layer = 0; layer < 6; layer++) {
    const part = (perm) =>
      graph.add('Transpose', [graph.add('Reshape', [graph.linear(x, width, width), split])], { perm });
    const [q, k, v] = [part([0, 2, 1, 3]), part([0, 2, 3, 1]), part([0, 2, 1, 3])];
    const scores = graph.add('Add', [graph.add('Div', [graph.add('MatMul', [q, k]), scale]), bias]);
    const mixed = graph.add('MatMul', [graph.add('Softmax', [scores], { axis: -1 }), v]);
    const rows = graph.add('Reshape', [graph.add('Transpose', [mixed], { perm: [0, 2, 1, 3] }), join_]);
    x = graph.norm(graph.add('Add', [x, graph.linear(rows, width, width)]), width);
    const h = graph.linear(x, width, inner);
    const erf = graph.add('Erf', [graph.add('Div', [h, graph.constant(Float32Array.of(Math.SQRT2))])]);
    const half = graph.add('Mul', [h, graph.add('Add', [erf, graph.constant(Float32Array.of(1))])]);
    const gelu = graph.add('Mul', [half, graph.constant(Float32Array.of(0.5))]);
    x = graph.norm(graph.add('Add', [x, graph.linear(gelu, inner, width)]), width);
  }
  graph.add('Identity', [x], {}, 'last_hidden_state');
  const model = buildModel({
    name: 'minilm',
    inputs: ids.map((name) => ({ name, dtype: 'int64', shape: ['batch', 'tokens'] })),
    outputs: [{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'tokens', width] }],
    nodes: graph.nodes,
    initializers: graph.initializers,
  });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx', 'model.onnx'), writeModel(model));
  const vocabulary = [...special, ...Array.from({ length: WORDS }, (_, i) => word(i))];
  const token = (name) => ({ id: name, ids: [special.indexOf(name)], tokens: [name] });
  await json(folder, 'tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: { '[CLS]': token('[CLS]'), '[SEP]': token('[SEP]') },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((text, id) => [text, id])),
    },
  });
  await json(folder, 'tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: most,
    do_lower_case: true,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
  });
  await json(folder, 'config.json', { model_type: 'bert', architectures: ['BertModel'], hidden_size: width });
  await json(folder, 'backbone.json', {
    id: 'minilm',
    modality: 'text',
    onnx: { file: 'onnx/model.onnx' },
    input: { names: { ids: ids[0], mask: ids[1], types: ids[2] } },
    output: { name: 'last_hidden_state', pool: 'mean', normalize: true },
    tokenizer: { file: 'tokenizer.json', maxLength: most },
  });
}
