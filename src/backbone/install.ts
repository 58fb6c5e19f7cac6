/** Backbones under a name of their own: added from a folder, a file or an address, fetched, checked against their hashes. */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EquipoiseError, expected } from '../core/errors.js';
import { readModelFile } from '../onnx/index.js';
import { checkAddress, digest, download, isDeclared, type DownloadOptions } from './download.js';
import { filesOf, listBackbones, locate, SPEC_FILE, userModels } from './locate.js';
import { openBackbone } from './open.js';
import type { BackboneOptions } from './resolve-spec.js';
import { parseBackboneSpec, type BackboneSpec, type FileBlock } from './spec.js';

export interface InstallOptions extends DownloadOptions {
  /** The folder of backbones to write to; default EQUIPOISE_MODELS, or `.equipoise/models` in the home folder. */
  readonly modelsDir?: string;
  /** Refuses to ask the network; also the environment variable EQUIPOISE_OFFLINE=1. */
  readonly offline?: boolean;
}

export interface PullOptions extends InstallOptions {
  /** A folder, or the graph itself, to take the files from instead of their addresses. */
  readonly from?: string;
  /** Accepts a file whose hash nobody declared, and records it. */
  readonly trust?: boolean;
}

export interface AddOptions extends InstallOptions {
  /** Its name; default that of the folder or file. */
  readonly id?: string;
  readonly license?: string;
  /** Where it is from, in words. */
  readonly source?: string;
  /** Of the graph, where it is fetched. */
  readonly sha256?: string;
  /** How to open it, where it does not say so itself. */
  readonly backbone?: BackboneOptions;
}

export interface Installed {
  readonly id: string;
  readonly path: string;
  readonly spec: BackboneSpec;
}

function assertOnline(url: string, { offline = false }: InstallOptions): void {
  if (!offline && process.env['EQUIPOISE_OFFLINE'] !== '1') return;
  throw new EquipoiseError(
    'ERR_ENVIRONMENT',
    `Expected to be online for fetching ${url} but --offline (or EQUIPOISE_OFFLINE=1) forbids it. Put the files there by hand: --from`,
  );
}

/** Appears whole under its name, or not at all. */
async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

async function copyDeclared(from: string, to: string, block: FileBlock): Promise<FileBlock> {
  const temporary = `${to}.${randomUUID()}`;
  try {
    await cp(from, temporary);
    const found = await digest(temporary);
    if ((block.sha256 ?? found.sha256) !== found.sha256)
      throw new EquipoiseError(
        'ERR_INTEGRITY',
        `Expected sha256 ${block.sha256} for ${from} but it has ${found.sha256}. It is another file`,
      );
    await rename(temporary, to);
    return { ...block, ...found };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function bring(block: FileBlock, target: string, options: PullOptions, lone: boolean): Promise<FileBlock> {
  if (await isDeclared(target, block)) return block;
  const { from, trust = false } = options;
  if (block.sha256 === undefined && !trust)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `Nobody has declared the sha256 of ${block.file}, so what arrives cannot be checked. --trust accepts it this once and records its hash`,
    );
  await mkdir(dirname(target), { recursive: true });
  if (from !== undefined) {
    const isFolder = (await stat(from).catch(() => undefined))?.isDirectory() ?? false;
    const path = isFolder ? [block.file, basename(block.file)].map((name) => join(from, name)).find(existsSync) : from;
    if (path === undefined || !existsSync(path) || (!isFolder && !lone))
      throw expected(`a folder with ${block.file}`, 'from', from);
    return copyDeclared(path, target, block);
  }
  if (block.url === undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `No address is known for ${block.file}. Get the file and pass it: --from FOLDER or FILE`,
    );
  assertOnline(block.url, options);
  return { ...block, ...(await download({ ...block, url: block.url }, target, options)) };
}

/**
 * Fetches the files of a known backbone that are missing, or takes them from `from`, and checks their hashes.
 * @throws ERR_OPTION for an unknown name or a file without an address; ERR_INTEGRITY for another file than declared, or for
 * one without a declared hash unless `trust`; ERR_ENVIRONMENT offline or when the network fails.
 *
 * @example
 * await pullBackbone('all-MiniLM-L6-v2');
 */
export async function pullBackbone(id: string, options: PullOptions = {}): Promise<Installed> {
  const { modelsDir = userModels() } = options;
  const { spec, folder } = await locate(id, [modelsDir]);
  if (spec === undefined)
    throw expected('the name of a backbone that `models list` shows', 'models pull', id, 'A path needs no pull');
  // The package's own folder may not be writable; files that it ships stay there.
  const here = (await Promise.all(filesOf(spec).map((block) => isDeclared(join(folder, block.file), block)))).every(
    Boolean,
  );
  if (here) return { id: spec.id, path: folder, spec };
  const path = join(modelsDir, spec.id);
  await mkdir(path, { recursive: true });
  const blocks: FileBlock[] = [];
  for (const block of filesOf(spec))
    blocks.push(await bring(block, join(path, block.file), options, filesOf(spec).length === 1));
  const [onnx, ...files] = blocks as [FileBlock, ...FileBlock[]];
  const whole: BackboneSpec = { ...spec, onnx, ...(files.length > 0 && { files }) };
  // Last, so that what is listed as the user's own is complete.
  await writeWhole(join(path, SPEC_FILE), `${JSON.stringify(whole, null, 2)}\n`);
  return { id: spec.id, path, spec: whole };
}

/**
 * Gives a backbone a name: copies its files (or fetches the graph) into the folder of backbones and writes a backbone.json
 * with everything that opening it found out, and with hash and size of each file.
 * @param place a folder with a backbone.json or in the layout of the Hugging Face hub, an ONNX file, or the address of one.
 * @throws as `openBackbone` and `download`; ERR_OPTION when the name is taken.
 */
export async function addBackbone(place: string, options: AddOptions = {}): Promise<Installed> {
  const { modelsDir = userModels(), sha256 } = options;
  const address = /^[a-z]+:\/\//i.test(place) ? checkAddress(place, sha256 !== undefined) : undefined;
  if (address === undefined && sha256 !== undefined)
    throw expected('an address', 'models add with sha256', place, 'The hash of a local file is computed');
  const temporary = join(modelsDir, `.${randomUUID()}`);
  try {
    await mkdir(temporary, { recursive: true });
    if (address) {
      assertOnline(place, options);
      const name = basename(address.pathname).replace(/[^\w.@+-]/g, '-');
      const target = join(temporary, name.endsWith('.onnx') ? name : 'model.onnx');
      await download({ url: place, ...(sha256 !== undefined && { sha256 }) }, target, options);
      return await install(target, temporary, modelsDir, place, options);
    }
    return await install(place, temporary, modelsDir, undefined, options);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Opens the backbone, puts all that it consists of into `temporary`, describes it there, and gives the folder its name. */
async function install(
  place: string,
  temporary: string,
  modelsDir: string,
  url: string | undefined,
  options: AddOptions,
): Promise<Installed> {
  const { backbone = {} } = options;
  const { spec, dim } = await openBackbone(place, backbone);
  const id = options.id ?? spec.id;
  const path = join(modelsDir, id);
  if (existsSync(path))
    throw new EquipoiseError('ERR_OPTION', `There is ${path} already. Give this backbone another name: --id`);
  const { folder } = await locate(place, backbone.modelsDirs ?? []);
  const graph = spec.onnx.file;
  const { external } = await readModelFile(
    join(folder, graph),
    backbone.allowDomains ? { allowDomains: backbone.allowDomains } : {},
  );
  const put = async (from: string, file: string) => {
    const to = join(temporary, file);
    await mkdir(dirname(to), { recursive: true });
    if (resolve(from) !== resolve(to)) await cp(from, to);
    return { file, ...(await digest(to)) };
  };
  const onnx = await put(join(folder, graph), graph);
  const files: FileBlock[] = [];
  for (const name of Object.keys(external)) {
    const file = graph.includes('/') ? `${dirname(graph)}/${name}` : name;
    files.push(await put(join(folder, file), file));
  }
  if (spec.modality === 'text')
    files.push(await put(backbone.tokenizer ?? join(folder, spec.tokenizer.file), spec.tokenizer.file));
  const { license = spec.license, source = spec.source ?? url } = options;
  const described = parseBackboneSpec(
    {
      ...spec,
      id,
      onnx: { ...onnx, ...(url !== undefined && { url }) },
      ...(files.length > 0 && { files }),
      output: { ...spec.output, dim },
      ...(license !== undefined && { license }),
      ...(source !== undefined && { source }),
    },
    'the new backbone.json',
  );
  await writeWhole(join(temporary, SPEC_FILE), `${JSON.stringify(described, null, 2)}\n`);
  await rename(temporary, path);
  return { id, path, spec: described };
}

export interface Verified {
  readonly id: string;
  readonly path: string;
  /** `ok`, `not here`, or what is wrong. */
  readonly files: string;
}

/**
 * Checks the files of all backbones that are known by name, or of one, against their sizes and hashes, and opens each.
 * @throws ERR_OPTION for an unknown name.
 */
export async function verifyBackbones(
  id?: string,
  { modelsDir }: Pick<InstallOptions, 'modelsDir'> = {},
): Promise<Verified[]> {
  const dirs = modelsDir === undefined ? [] : [resolve(modelsDir)];
  const all = await listBackbones(dirs);
  if (id !== undefined && !all.some((one) => one.id === id)) await locate(id, dirs);
  const results: Verified[] = [];
  for (const { id: name, path, complete } of all.filter((one) => id === undefined || one.id === id)) {
    const { spec } = await locate(path, dirs);
    const check = async () => {
      if (!complete || spec === undefined) return `not here: equipoise models pull ${name}`;
      for (const block of spec.files ?? [])
        if (block.sha256 !== undefined && !(await isDeclared(join(path, block.file), block)))
          return `${block.file} is not the declared file`;
      await openBackbone(path);
      return spec.onnx.sha256 === undefined ? 'opens; nobody declared its hash' : 'ok';
    };
    results.push({ id: name, path, files: await check().catch((error: Error) => error.message) });
  }
  return results;
}
