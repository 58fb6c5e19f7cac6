/** The folder of a comparison or a search: one file a finished job, so that the same command goes on where it stopped. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { loadKernels, type Kernels } from '../kernels/index.js';
import type { AnyOutcomes, ManyOutcomes, Outcomes } from '../metric/index.js';
import type { JobResult } from './job.js';
import type { ComparedParts } from './parts.js';

const CONFIG = 'comparison.json';
const JOBS = 'jobs';
const PARTIAL = '.partial';
const FORMAT = 'equipoise-comparison';
/** 2: with the squared error of each row. */
const FORMAT_VERSION = 2;

/** What must be the same for a job that is there to be the one that is asked for. */
export type FolderConfig = Readonly<Record<string, unknown>>;

export interface JobFolder {
  read(key: string): Promise<JobResult | undefined>;
  write(key: string, result: JobResult): Promise<void>;
  /** A file beside the jobs: whole or not there. */
  writeFile(name: string, content: string): Promise<void>;
}

const arrays = {
  predicted: Int32Array,
  truth: Int32Array,
  logTruth: Float64Array,
  confidence: Float64Array,
  squaredError: Float64Array,
  logOdds: Float64Array,
  probabilities: Float64Array,
  thresholds: Float64Array,
};
type Name = keyof typeof arrays;

const encode = (outcomes: AnyOutcomes) =>
  Object.fromEntries(
    (Object.keys(arrays) as Name[]).flatMap((name) => {
      const values = (outcomes as Partial<Outcomes & ManyOutcomes>)[name];
      return values
        ? [[name, Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')]]
        : [];
    }),
  );

const decode = (encoded: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(encoded).map(([name, text]) => {
      const bytes = Buffer.from(text, 'base64');
      // A copy, for the pool's memory is not aligned.
      return [name, new arrays[name as Name](new Uint8Array(bytes).buffer)];
    }),
  ) as unknown as AnyOutcomes;

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function writeWhole(path: string, content: string): Promise<void> {
  try {
    await writeFile(`${path}${PARTIAL}`, content);
    await rename(`${path}${PARTIAL}`, path);
  } catch (error) {
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function hashSet(set: EmbeddingSet, into: ReturnType<typeof createHash>): void {
  const { data } = dense(set.embeddings);
  into.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  into.update(new Uint8Array(set.labels.buffer, set.labels.byteOffset, set.labels.byteLength));
  if (set.targets) into.update(set.targets);
  const { classNames, ids, groups, parents, columns, weights } = set;
  into.update(JSON.stringify([classNames, ids, groups, parents, columns, weights && [...weights]]));
}

/** Names the rows: another set, or another division made beforehand, has another one. */
export function fingerprint(data: EmbeddingSet | ComparedParts): string {
  const hash = createHash('sha256');
  if ('embeddings' in data) hashSet(data, hash);
  else for (const set of [data.train, data.validation, data.test]) if (set) hashSet(set, hash);
  return hash.digest('hex').slice(0, 32);
}

/** Results differ in their last digits from one backend to another. */
export function kernelsInUse(kernels: Kernels = loadKernels()): string {
  const { backend, isa } = kernels;
  return `${backend} ${isa}`;
}

/** As JSON sees it, so that what is compared with a file has been through the same. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const fileName = (key: string) =>
  `${key.replace(/[^\w.,=+-]/g, (mark) => `%${mark.codePointAt(0)?.toString(16)}`)}.json`;

/**
 * Opens the folder, or makes it.
 *
 * @param fixed what may not change between two commands on it.
 * @param named each named thing of one kind (contenders): more may come, but one that is there keeps its settings.
 * @throws ERR_OPTION for foreign content, or another configuration, saying what differs.
 */
export async function openJobFolder(
  dir: string,
  fixed: FolderConfig,
  named: Readonly<Record<string, unknown>>,
): Promise<JobFolder> {
  const path = join(dir, CONFIG);
  let entries: string[] = [];
  try {
    entries = (await readdir(dir)).filter((name) => !name.endsWith(PARTIAL));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw new EquipoiseError('ERR_OPTION', `Expected a folder for out but ${dir} is a file`);
    if (code !== 'ENOENT')
      throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot read ${dir}: ${(error as Error).message}`, { cause: error });
  }
  const now = plain({ ...fixed, named });
  let known: Readonly<Record<string, unknown>> = {};
  if (entries.length > 0) {
    const there = (await readJson(path)) as
      { format?: string; version?: number; config: FolderConfig & { named: Record<string, unknown> } } | undefined;
    if (there?.format !== FORMAT || there.version !== FORMAT_VERSION)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected an empty folder or a comparison for out but ${dir} holds something else (${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''}). Nothing was changed; choose another folder`,
      );
    known = there.config.named;
    const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';
    const told = (value: unknown) => (typeof value === 'object' ? text(value) : show(value));
    const names = [...new Set([...Object.keys(there.config), ...Object.keys(now)])].filter((name) => name !== 'named');
    const differ = [
      ...names
        .filter((name) => text(there.config[name]) !== text(now[name as keyof typeof now]))
        .map((name) => `${name} (${told(there.config[name])} there, ${told(now[name as keyof typeof now])} now)`),
      ...Object.keys(now.named)
        .filter((name) => name in known && text(known[name]) !== text(now.named[name]))
        .map((name) => `${name} (${text(known[name])} there, ${text(now.named[name])} now)`),
    ];
    if (differ.length > 0)
      throw new EquipoiseError(
        'ERR_OPTION',
        `${dir} holds a comparison with another configuration: ${differ.join('; ')}. Repeat its settings to go on with it, or choose another folder`,
      );
  }
  const jobs = join(dir, JOBS);
  try {
    await mkdir(jobs, { recursive: true });
    const partial = (await readdir(jobs)).filter((name) => name.endsWith(PARTIAL));
    await Promise.all(partial.map((name) => rm(join(jobs, name), { force: true })));
  } catch (error) {
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot write to ${dir}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const config = { ...now, named: { ...known, ...now.named } };
  await writeWhole(path, `${JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, config }, null, 1)}\n`);
  return {
    async read(key) {
      const found = (await readJson(join(jobs, fileName(key)))) as
        (Omit<JobResult, 'outcomes'> & { outcomes: Record<string, string> }) | undefined;
      return found && { ...found, outcomes: decode(found.outcomes) };
    },
    write: (key, result) =>
      writeWhole(join(jobs, fileName(key)), `${JSON.stringify({ ...result, outcomes: encode(result.outcomes) })}\n`),
    writeFile: (name, content) => writeWhole(join(dir, name), content),
  };
}
