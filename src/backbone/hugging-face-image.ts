/** `preprocessor_config.json` → a `preprocess` block, with the arithmetic of the image processors of transformers. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { readJson } from './read-json.js';

type Json = Record<string, unknown>;

/** PIL's numbers of the filters. */
const filters: Readonly<Record<number, string>> = { 0: 'nearest', 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };

interface Processor {
  /** What a size given as one number means. */
  readonly square: boolean;
  readonly resample: number;
  readonly crops: boolean;
  /** ConvNeXt's own rule: below 384 pixels, resize by 1 / crop_pct and crop; from there on, squeeze. */
  readonly cropShare?: true;
  /** Channels may be turned round, and nothing is normalised. */
  readonly flips?: true;
}

/** What each processor does where the file is silent. */
const processors: Readonly<Record<string, Processor>> = {
  ViT: { square: true, resample: 2, crops: false },
  DeiT: { square: true, resample: 3, crops: true },
  Siglip: { square: true, resample: 3, crops: false },
  CLIP: { square: false, resample: 3, crops: true },
  Bit: { square: false, resample: 3, crops: true },
  MobileNetV1: { square: false, resample: 2, crops: true },
  MobileNetV2: { square: false, resample: 2, crops: true },
  ConvNext: { square: false, resample: 3, crops: false, cropShare: true },
  MobileViT: { square: false, resample: 3, crops: true, flips: true },
};

const known = [
  'do_resize',
  'size',
  'resample',
  'do_center_crop',
  'crop_size',
  'do_rescale',
  'rescale_factor',
  'do_normalize',
  'image_mean',
  'image_std',
  'do_convert_rgb',
];
/** Names of classes, and how results are wrapped. */
const harmless =
  /^(image_processor_type|feature_extractor_type|processor_class|_valid_processor_keys|return_tensors|data_format|input_data_format|device|disable_grouping|default_to_square|image_seq_length|do_reduce_labels)$/;

const isSide = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

/** A size as it is written in four ways: 224, `{ shortest_edge }`, `{ height, width }`, [height, width]. */
function sizeOf(value: unknown, square: boolean, name: string): { edge: number } | { sides: [number, number] } {
  if (isSide(value)) return square ? { sides: [value, value] } : { edge: value };
  if (Array.isArray(value) && value.length === 2 && value.every(isSide)) return { sides: value as [number, number] };
  const { shortest_edge: edge, height, width, ...rest } = (value ?? {}) as Json;
  const more = Object.values(rest).some((other) => other !== null);
  if (!more && isSide(edge) && height == null && width == null) return { edge };
  if (!more && edge == null && isSide(height) && isSide(width)) return { sides: [height, width] };
  throw expected('a number of pixels, { shortest_edge } or { height, width }', name, JSON.stringify(value));
}

/** @throws ERR_OPTION for settings that are not known or contradict each other. */
export function imageRecipe(config: Json, where: string): { recipe: Json; size: [number, number] | undefined } {
  const type = config['image_processor_type'] ?? config['feature_extractor_type'];
  const kind = String(type).replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, '');
  if (!Object.hasOwn(processors, kind))
    throw unknownName(
      `image_processor_type in ${where}`,
      type,
      Object.keys(processors).map((name) => `${name}ImageProcessor`),
    );
  const processor = processors[kind] as Processor;
  const own = [processor.cropShare && 'crop_pct', processor.flips && 'do_flip_channel_order'];
  for (const [key, value] of Object.entries(config))
    if (!known.includes(key) && !own.includes(key) && !harmless.test(key) && value !== null && value !== false)
      throw new EquipoiseError(
        'ERR_OPTION',
        `${where} sets ${key} to ${JSON.stringify(value)}, which may change vectors and is not known. Write a backbone.json, or pass --preprocess`,
      );
  const on = (key: string, standard: boolean) => {
    const value = config[key] ?? standard;
    if (typeof value !== 'boolean') throw expected('true or false', `${where} ${key}`, value);
    return value;
  };
  const recipe: Json = { mode: processor.flips && on('do_flip_channel_order', true) ? 'BGR' : 'RGB' };
  let end: [number, number] | undefined;
  if (on('do_resize', true)) {
    const resample = config['resample'] ?? processor.resample;
    const filter = filters[resample as number];
    if (filter === undefined) throw expected('0, 1, 2 or 3 (PIL numbers)', `${where} resample`, resample);
    recipe['filter'] = filter;
    const size = sizeOf(config['size'], processor.square, `${where} size`);
    if (processor.cropShare) {
      if (!('edge' in size)) throw expected('{ shortest_edge }', `${where} size`, JSON.stringify(config['size']));
      end = [size.edge, size.edge];
      const share = (config['crop_pct'] ?? 224 / 256) as number;
      if (!(share > 0 && share <= 1)) throw expected('a number above 0, up to 1', `${where} crop_pct`, share);
      if (size.edge >= 384) recipe['resize'] = end;
      else Object.assign(recipe, { resizeShortestEdge: Math.trunc(size.edge / share), centerCrop: end });
    } else if ('edge' in size) recipe['resizeShortestEdge'] = size.edge;
    else recipe['resize'] = end = size.sides;
  }
  if (on('do_center_crop', processor.crops)) {
    const crop = sizeOf(config['crop_size'], true, `${where} crop_size`);
    recipe['centerCrop'] = end = 'sides' in crop ? crop.sides : [crop.edge, crop.edge];
  }
  if (recipe['centerCrop'] !== undefined) recipe['cropRounding'] = 'down';
  recipe['rescale'] = on('do_rescale', true) ? (config['rescale_factor'] ?? 1 / 255) : 1;
  const normalizes = on('do_normalize', !processor.flips);
  if (normalizes && processor.flips) throw expected('no do_normalize, which this processor ignores,', where, true);
  if (normalizes) {
    recipe['mean'] = config['image_mean'];
    recipe['std'] = config['image_std'];
    if (!Array.isArray(recipe['mean']) || !Array.isArray(recipe['std']))
      throw expected('three numbers each', `${where} image_mean and image_std`, config['image_mean']);
  }
  return { recipe, size: end };
}

/**
 * Reads a folder's preprocessor_config.json.
 * @param replaced whether the caller's own preprocessing takes its place, so that only the size matters.
 */
export async function imageRecipeFrom(
  folder: string,
  replaced: boolean,
): Promise<{ recipe: Json; size: [number, number] | undefined }> {
  const path = join(folder, 'preprocessor_config.json');
  if (replaced) return { recipe: {}, size: undefined };
  if (!existsSync(path))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a preprocessor_config.json in ${folder}, which says how the network was trained to see images. Put it there, or pass --preprocess`,
    );
  return imageRecipe((await readJson(path, 'a preprocessor_config.json')) as Json, path);
}
