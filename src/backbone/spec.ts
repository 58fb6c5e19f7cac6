/** backbone.json, checked: what a network takes, which tensor is the embedding, how items are prepared for it. */

import { EquipoiseError, expected } from '../core/errors.js';
import { lookUp } from '../core/registry.js';
import {
  checkKeys,
  parseImageRecipe,
  parseTokenizerSpec,
  type ImageRecipe,
  type TokenizerSpec,
} from '../preprocess/index.js';
import { poolings, type PoolName } from './pooling.js';

/** A file in the folder of the backbone.json. */
export interface FileBlock {
  readonly file: string;
  /** Where the file can be fetched, if it is not shipped. */
  readonly url?: string;
  readonly sha256?: string;
  readonly bytes?: number;
}

export interface ImageInput {
  readonly name: string;
  readonly layout: 'NCHW' | 'NHWC';
  readonly size: readonly [height: number, width: number];
  /** Of the graph as published; a prepared backbone takes float32. */
  readonly dtype: 'float32' | 'float16' | 'uint8';
}

export interface TextInput {
  /** Only a network that is blind to what follows a text can do without a mask. */
  readonly names: { readonly ids: string; readonly mask?: string; readonly types?: string };
  readonly dtype: 'int64' | 'int32';
}

export interface OutputBlock {
  /** Any tensor of the graph; it is cut there. */
  readonly name: string;
  readonly pool: PoolName;
  /** Length of the embedding. Absent: found out by running the graph. */
  readonly dim?: number;
  readonly normalize: boolean;
}

interface Common {
  readonly id: string;
  /** The graph. */
  readonly onnx: FileBlock;
  /** What else has to be fetched: a tokenizer, data beside the graph. */
  readonly files?: readonly FileBlock[];
  readonly output: OutputBlock;
  readonly license?: string;
  readonly source?: string;
  readonly paper?: string;
}

export interface ImageSpec extends Common {
  readonly modality: 'image';
  readonly input: ImageInput;
  readonly preprocess: ImageRecipe;
}

export interface TextSpec extends Common {
  readonly modality: 'text';
  readonly input: TextInput;
  readonly tokenizer: TokenizerSpec;
}

export type BackboneSpec = ImageSpec | TextSpec;

type Block = Record<string, unknown>;

function text(block: Block, key: string, where: string): string {
  const value = block[key];
  if (typeof value !== 'string' || value === '') throw expected('a name', `${where}.${key}`, value);
  return value;
}

function oneOf<const T extends string>(
  block: Block,
  key: string,
  choices: readonly T[],
  where: string,
  standard?: T,
): T {
  const value = block[key] ?? standard;
  if (!choices.includes(value as T)) throw expected(`one of ${choices.join(', ')}`, `${where}.${key}`, value);
  return value as T;
}

/** A file beside the backbone.json: the folder may come from a stranger and must not point elsewhere. */
export function fileInside(value: unknown, name: string): string {
  const parts = typeof value === 'string' ? value.split('/') : [];
  if (parts.length === 0 || /[\\:\0]/.test(value as string) || parts.some((part) => part === '' || part === '..'))
    throw expected('the path of a file inside the folder of the backbone.json', name, value);
  return value as string;
}

function fileBlock(value: unknown, where: string, standard?: string): FileBlock {
  const block = checkKeys(value, ['file', 'url', 'sha256', 'bytes'], where);
  const { file = standard, url, sha256, bytes } = block;
  if (sha256 !== undefined && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)))
    throw expected('64 hexadecimal digits', `${where}.sha256`, sha256);
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && (bytes as number) > 0))
    throw expected('integer >= 1', `${where}.bytes`, bytes);
  if (url !== undefined && !(typeof url === 'string' && URL.canParse(url)))
    throw expected('an address', `${where}.url`, url);
  return {
    file: fileInside(file, `${where}.file`),
    ...(url !== undefined && { url }),
    ...(sha256 !== undefined && { sha256 }),
    ...(bytes !== undefined && { bytes: bytes as number }),
  };
}

function isSize(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((side) => Number.isSafeInteger(side) && side >= 1);
}

function imageInput(value: unknown, where: string): ImageInput {
  const block = checkKeys(value, ['name', 'layout', 'size', 'dtype'], where);
  if (!isSize(block['size'])) throw expected('[height, width] in pixels', `${where}.size`, block['size']);
  return {
    name: text(block, 'name', where),
    layout: oneOf(block, 'layout', ['NCHW', 'NHWC'], where, 'NCHW'),
    size: block['size'],
    dtype: oneOf(block, 'dtype', ['float32', 'float16', 'uint8'], where, 'float32'),
  };
}

function textInput(value: unknown, where: string): TextInput {
  const block = checkKeys(value, ['names', 'dtype'], where);
  const names = checkKeys(block['names'], ['ids', 'mask', 'types'], `${where}.names`);
  return {
    names: {
      ids: text(names, 'ids', `${where}.names`),
      ...(names['mask'] !== undefined && { mask: text(names, 'mask', `${where}.names`) }),
      ...(names['types'] !== undefined && { types: text(names, 'types', `${where}.names`) }),
    },
    dtype: oneOf(block, 'dtype', ['int64', 'int32'], where, 'int64'),
  };
}

function outputBlock(value: unknown, where: string): OutputBlock {
  const block = checkKeys(value, ['name', 'pool', 'dim', 'normalize'], where);
  const { dim, normalize = false } = block;
  if (dim !== undefined && !(Number.isSafeInteger(dim) && (dim as number) >= 1))
    throw expected('integer >= 1', `${where}.dim`, dim);
  if (typeof normalize !== 'boolean') throw expected('true or false', `${where}.normalize`, normalize);
  return {
    name: text(block, 'name', where),
    pool: lookUp(poolings, `${where}.pool`, (block['pool'] ?? 'none') as string, 'pools').name as PoolName,
    ...(dim !== undefined && { dim: dim as number }),
    normalize,
  };
}

/**
 * Checks the content of a backbone.json.
 * @param where names the file in messages.
 * @throws ERR_OPTION for an unknown key, pool, filter or mode (suggesting near ones), or a value out of range.
 */
export function parseBackboneSpec(value: unknown, where: string): BackboneSpec {
  const common = ['id', 'modality', 'onnx', 'files', 'input', 'output', 'license', 'source', 'paper'];
  const block = checkKeys(value, [...common, 'preprocess', 'tokenizer'], where);
  const modality = oneOf(block, 'modality', ['image', 'text'], where);
  const id = text(block, 'id', where);
  if (!/^[\w.@+-]+$/.test(id) || /^\.+$/.test(id))
    throw expected('letters, digits and - _ . @ +', `${where}.id`, id, 'It is the name of a folder');
  const files = block['files'];
  if (files !== undefined && !Array.isArray(files)) throw expected('a list of files', `${where}.files`, files);
  const rest: Common = {
    id,
    onnx: fileBlock(block['onnx'], `${where} onnx`, 'model.onnx'),
    ...(files !== undefined && { files: files.map((file, i) => fileBlock(file, `${where} files[${i}]`)) }),
    output: outputBlock(block['output'], `${where} output`),
    ...(block['license'] !== undefined && { license: text(block, 'license', where) }),
    ...(block['source'] !== undefined && { source: text(block, 'source', where) }),
    ...(block['paper'] !== undefined && { paper: text(block, 'paper', where) }),
  };
  const other = modality === 'image' ? 'tokenizer' : 'preprocess';
  if (block[other] !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${where} describes a ${modality} backbone, which has no ${other} block. Remove it`,
    );
  if (modality === 'image')
    return {
      ...rest,
      modality,
      input: imageInput(block['input'], `${where} input`),
      preprocess: parseImageRecipe(block['preprocess'], `${where} preprocess`),
    };
  const tokenizer = parseTokenizerSpec(block['tokenizer'], `${where} tokenizer`);
  fileInside(tokenizer.file, `${where} tokenizer.file`);
  return { ...rest, modality, input: textInput(block['input'], `${where} input`), tokenizer };
}
