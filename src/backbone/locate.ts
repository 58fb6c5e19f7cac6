/** Where backbones are: by name in folders of models, as a folder, or as an ONNX file. */

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EquipoiseError, unknownName } from '../core/errors.js';
import { readJson } from './read-json.js';
import { parseBackboneSpec, type BackboneSpec, type FileBlock } from './spec.js';

/** The package's own backbones. */
const packageModels = fileURLToPath(new URL('../../../models/', import.meta.url));

/** Where fetched and added backbones lie: EQUIPOISE_MODELS, or a folder in the user's home. */
export function userModels(): string {
  return process.env['EQUIPOISE_MODELS'] || join(homedir(), '.equipoise', 'models');
}

export const SPEC_FILE = 'backbone.json';

/** What a folder from the Hugging Face hub has. */
const CONFIG_FILE = 'config.json';

/** Where exporters put the graph of such a folder, in order of preference. */
const graphFiles = ['onnx/model.onnx', 'model.onnx'];

export const howToAdd =
  'To add one, pass a folder with a backbone.json or from the Hugging Face hub, or the path of an .onnx file; `equipoise models add` gives it a name';

async function subfolders(directories: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const directory of directories)
    for (const name of (await readdir(directory).catch(() => [])).sort())
      if (!found.has(name) && existsSync(join(directory, name, SPEC_FILE))) found.set(name, join(directory, name));
  return found;
}

export interface BackboneEntry {
  readonly id: string;
  readonly modality: 'image' | 'text';
  readonly dim: number | undefined;
  readonly path: string;
  readonly license: string | undefined;
  /** Whether all its files are there; else `models pull` may fetch them. */
  readonly complete: boolean;
}

/** The backbones that are known by name: those of further folders, of the user's and of the package. */
export async function listBackbones(modelsDirs: readonly string[] = []): Promise<BackboneEntry[]> {
  const folders = await subfolders([...modelsDirs, userModels(), packageModels]);
  return Promise.all(
    [...folders.values()].map(async (path) => {
      const spec = await readSpec(join(path, SPEC_FILE));
      const { id, modality, output, license } = spec;
      const complete = filesOf(spec).every(({ file }) => existsSync(join(path, file)));
      return { id, modality, dim: output.dim, path, license, complete };
    }),
  );
}

/** Every file that a backbone needs beside its description. */
export const filesOf = ({ onnx, files = [] }: BackboneSpec): readonly FileBlock[] => [onnx, ...files];

export async function readSpec(path: string): Promise<BackboneSpec> {
  return parseBackboneSpec(await readJson(path, 'a backbone.json'), path);
}

export interface Place {
  readonly folder: string;
  /** Absent where the folder's backbone.json names it. */
  readonly file?: string;
  readonly spec?: BackboneSpec;
  /** Whether the folder describes itself as those of the Hugging Face hub do. */
  readonly hub?: boolean;
}

async function graphsOf(folder: string, hub: boolean): Promise<string[]> {
  const inside = async (path: string) => (await readdir(join(folder, path)).catch(() => [])).map((name) => path + name);
  const names = [...(await inside('')), ...(hub ? await inside('onnx/') : [])];
  return names.filter((name) => name.endsWith('.onnx'));
}

/** Finds the graph and its description; a bare word is an id first, then a folder. */
export async function locate(idOrPath: string, modelsDirs: readonly string[]): Promise<Place> {
  const known = await subfolders([...modelsDirs, userModels(), packageModels]);
  const path = known.get(idOrPath) ?? resolve(idOrPath);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    if (/[\\/]|\.onnx$/.test(idOrPath))
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected a backbone but there is no file or folder ${idOrPath}. ${howToAdd}`,
      );
    const error = unknownName('backbone', idOrPath, [...known.keys()]);
    throw new EquipoiseError(error.code, `${error.message}. ${howToAdd}`);
  }
  if (found.isDirectory()) {
    if (existsSync(join(path, SPEC_FILE))) return { folder: path, spec: await readSpec(join(path, SPEC_FILE)) };
    const hub = existsSync(join(path, CONFIG_FILE));
    const usual = hub ? graphFiles.find((name) => existsSync(join(path, name))) : undefined;
    const graphs = usual === undefined ? await graphsOf(path, hub) : [usual];
    if (graphs.length === 1) return { folder: path, file: graphs[0] as string, hub };
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a backbone.json or one ONNX file in ${idOrPath} but found ${graphs.length === 0 ? 'neither' : graphs.join(', ')}. ${graphs.length > 1 ? 'Pass the path of one of them' : howToAdd}`,
    );
  }
  const folder = dirname(path);
  const file = basename(path);
  // In that layout the graphs are in a folder of their own.
  if (
    basename(folder) === 'onnx' &&
    !existsSync(join(folder, SPEC_FILE)) &&
    existsSync(join(folder, '..', CONFIG_FILE))
  )
    return { folder: dirname(folder), file: `onnx/${file}`, hub: true };
  if (!existsSync(join(folder, SPEC_FILE))) return { folder, file, hub: existsSync(join(folder, CONFIG_FILE)) };
  const spec = await readSpec(join(folder, SPEC_FILE));
  return spec.onnx.file === file ? { folder, spec } : { folder, file };
}
