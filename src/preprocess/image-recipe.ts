/** The `preprocess` block of a backbone.json, checked: how an image becomes the numbers that a network was trained on. */

import { EquipoiseError, expected, nearNames, unknownName } from '../core/errors.js';
import { filterNames, type Filter } from './resize.js';

/** Height and width, in that order, as everywhere in this project. */
export type Size = readonly [height: number, width: number];

export type CropRounding = 'even' | 'down';

export interface ImageRecipe {
  /** Order of the channels that the network sees; `L` is one channel of grey. */
  readonly mode: 'RGB' | 'BGR' | 'L';
  /** The shorter side after resizing; the longer one follows the proportions, rounded down. */
  readonly resizeShortestEdge?: number;
  /** Or both sides, whatever the proportions. */
  readonly resize?: Size;
  /** Present exactly when something is resized. */
  readonly filter?: Filter;
  readonly centerCrop?: Size;
  /** Where half a pixel of margin goes: to the even neighbour, as in torchvision (default), or down, as in transformers. */
  readonly cropRounding?: CropRounding;
  /** value = (pixel · rescale − mean) / std, with mean and std in the order of `mode`. */
  readonly rescale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

const modes = ['RGB', 'BGR', 'L'] as const;
const keys = ['mode', 'resizeShortestEdge', 'resize', 'filter', 'centerCrop', 'cropRounding', 'rescale', 'mean', 'std'];

export function channelsOf(recipe: ImageRecipe): 1 | 3 {
  return recipe.mode === 'L' ? 1 : 3;
}

/** @throws ERR_OPTION unless `value` is an object with no other keys than `known`. */
export function checkKeys(value: unknown, known: readonly string[], where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', where, value);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearNames(key, known);
    const hint = near.length > 0 ? ` Did you mean ${near[0]}?` : '';
    throw new EquipoiseError('ERR_OPTION', `Unknown key ${where}.${key}.${hint} Known keys: ${known.join(', ')}`);
  }
  return value as Record<string, unknown>;
}

const isSide = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

function size(value: unknown, name: string, single: boolean): Size {
  if (single && isSide(value)) return [value, value];
  if (Array.isArray(value) && value.length === 2 && value.every(isSide)) return value as unknown as Size;
  throw expected(`${single ? 'a whole number of pixels, or ' : ''}[height, width] in pixels`, name, value);
}

function numbers(
  value: unknown,
  name: string,
  length: number,
  accepts: (x: number) => boolean,
  what: string,
): number[] {
  if (Array.isArray(value) && value.length === length && value.every((x) => Number.isFinite(x) && accepts(x)))
    return [...(value as number[])];
  throw expected(`an array of ${length} ${what}, one a channel,`, name, value);
}

/**
 * Checks a `preprocess` block and fills in what it leaves out: mode RGB, rescale 1/255, mean 0, std 1, filter bilinear.
 *
 * @param where names the block in messages: `models/x/backbone.json preprocess`.
 * @throws ERR_OPTION for an unknown key, mode or filter (suggesting near ones) and for values that no image can have.
 *
 * @example
 * const recipe = parseImageRecipe({ mode: 'RGB', resizeShortestEdge: 36, filter: 'bicubic', centerCrop: 32 }, 'preprocess');
 */
export function parseImageRecipe(value: unknown, where: string): ImageRecipe {
  const given = checkKeys(value, keys, where);
  const mode = given['mode'] ?? 'RGB';
  if (!modes.includes(mode as ImageRecipe['mode'])) throw unknownName(`mode in ${where}`, mode, modes, 'modes');
  const channels = mode === 'L' ? 1 : 3;
  const shortest = given['resizeShortestEdge'];
  if (shortest !== undefined && !isSide(shortest))
    throw expected('a whole number of pixels', `${where}.resizeShortestEdge`, shortest);
  if (shortest !== undefined && given['resize'] !== undefined)
    throw expected('one of resizeShortestEdge and resize', where, 'both', 'Remove one of them');
  const resizes = shortest !== undefined || given['resize'] !== undefined;
  const filter = given['filter'] ?? 'bilinear';
  if (!filterNames.includes(filter as Filter)) throw unknownName(`filter in ${where}`, filter, filterNames, 'filters');
  if (given['filter'] !== undefined && !resizes)
    throw expected('resizeShortestEdge or resize', where, undefined, `Nothing is resized with filter ${filter}`);
  const rounding = given['cropRounding'];
  if (rounding !== undefined && (!['even', 'down'].includes(rounding as string) || given['centerCrop'] === undefined))
    throw expected('even or down, beside centerCrop,', `${where}.cropRounding`, rounding);
  const rescale = given['rescale'] ?? 1 / 255;
  if (!Number.isFinite(rescale) || rescale === 0)
    throw expected('a finite number, not 0,', `${where}.rescale`, rescale);
  return {
    mode: mode as ImageRecipe['mode'],
    ...(shortest !== undefined && { resizeShortestEdge: shortest }),
    ...(given['resize'] !== undefined && { resize: size(given['resize'], `${where}.resize`, false) }),
    ...(resizes && { filter: filter as Filter }),
    ...(given['centerCrop'] !== undefined && { centerCrop: size(given['centerCrop'], `${where}.centerCrop`, true) }),
    ...(rounding === 'down' && { cropRounding: 'down' }),
    rescale: rescale as number,
    mean: numbers(given['mean'] ?? Array(channels).fill(0), `${where}.mean`, channels, () => true, 'finite numbers'),
    std: numbers(given['std'] ?? Array(channels).fill(1), `${where}.std`, channels, (x) => x > 0, 'numbers > 0'),
  };
}
