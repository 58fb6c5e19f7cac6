/** Where backbones are: by name in folders of models, as a folder, or as an ONNX file. */

import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EquipoiseError, unknownName } from '../core/errors.js';
import { parseBackboneSpec, type BackboneSpec } from './spec.js';

/** The package's own backbones. */
const packageModels = fileURLToPath(new URL('../../../models/', import.meta.url));

const SPEC_FILE = 'backbone.json';

export const howToAdd =
  'To add one, put backbone.json and its ONNX file into a folder and pass the folder, or pass the path of an .onnx file';

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
}

/** The backbones that can be opened by name: the package's own and those of further folders. */
export async function listBackbones(modelsDirs: readonly string[] = []): Promise<BackboneEntry[]> {
  const folders = await subfolders([...modelsDirs, packageModels]);
  return Promise.all(
    [...folders.values()].map(async (path) => {
      const { id, modality, output, license } = await readSpec(join(path, SPEC_FILE));
      return { id, modality, dim: output.dim, path, license };
    }),
  );
}

export async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new EquipoiseError('ERR_OPTION', `Expected ${what} but cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

async function readSpec(path: string): Promise<BackboneSpec> {
  return parseBackboneSpec(await readJson(path, 'a backbone.json'), path);
}

export interface Place {
  readonly folder: string;
  /** Absent where the folder's backbone.json names it. */
  readonly file?: string;
  readonly spec?: BackboneSpec;
}

/** Finds the graph and its description; a bare word is an id first, then a folder. */
export async function locate(idOrPath: string, modelsDirs: readonly string[]): Promise<Place> {
  const known = await subfolders([...modelsDirs, packageModels]);
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
    const graphs = (await readdir(path)).filter((name) => name.endsWith('.onnx'));
    if (graphs.length === 1) return { folder: path, file: graphs[0] as string };
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a backbone.json or one ONNX file in ${idOrPath} but found ${graphs.length === 0 ? 'neither' : graphs.join(', ')}. ${howToAdd}`,
    );
  }
  const folder = dirname(path);
  const file = basename(path);
  if (!existsSync(join(folder, SPEC_FILE))) return { folder, file };
  const spec = await readSpec(join(folder, SPEC_FILE));
  return spec.onnx.file === file ? { folder, spec } : { folder, file };
}
