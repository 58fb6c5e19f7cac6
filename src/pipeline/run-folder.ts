/** The folder of a run: told from foreign content, resumed when unfinished, replaced only on demand. */

import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EquipoiseError, show } from '../core/errors.js';
import { circumstantial, type RunConfig } from './config.js';

export const files = {
  config: 'config.json',
  store: 'store',
  head: 'head.onnx',
  classifier: 'classifier.onnx',
  report: 'report.html',
  result: 'result.json',
} as const;

const PARTIAL = '.partial';

/** Marks a config.json as ours. */
const FORMAT = 'equipoise-run';

interface ConfigFile {
  readonly format: typeof FORMAT;
  readonly version: string;
  readonly config: RunConfig;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Writes a file so that it is either whole or absent. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const partial = `${path}${PARTIAL}`;
  await writeFile(partial, content, { flush: true } as Parameters<typeof writeFile>[2]);
  await rename(partial, path);
}

/** @throws ERR_DATA when the file is no config.json of a run. */
export async function readConfig(path: string): Promise<RunConfig> {
  const document = (await readJson(path)) as ConfigFile | undefined;
  if (document?.format !== FORMAT)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the config.json of a run for ${path} but it is ${document === undefined ? 'missing or no JSON' : 'another document'}`,
    );
  return document.config;
}

function differences(before: RunConfig, now: RunConfig): string[] {
  const names = Object.keys({ ...before, ...now }) as (keyof RunConfig)[];
  return names
    .filter((name) => !circumstantial.includes(name) && JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `${name} (${show(before[name])} there, ${show(now[name])} now)`);
}

/**
 * Makes the folder ready for this run.
 * @returns whether an unfinished run with the same settings was found.
 * @throws ERR_OPTION for foreign content, a finished run without `overwrite`, an unfinished one with other settings.
 */
export async function openRunFolder(dir: string, config: RunConfig, version: string): Promise<{ resumed: boolean }> {
  let entries: string[] = [];
  try {
    // A run that was killed may leave a file half written.
    entries = (await readdir(dir)).filter((name) => !name.endsWith(PARTIAL));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw new EquipoiseError('ERR_OPTION', `Expected a folder for --out but ${dir} is a file`);
    if (code !== 'ENOENT')
      throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot read the run folder ${dir}: ${(error as Error).message}`, {
        cause: error,
      });
  }
  const configPath = join(dir, files.config);
  let resumed = false;
  if (entries.length > 0) {
    const before = (await readJson(configPath)) as ConfigFile | undefined;
    if (before?.format !== FORMAT)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected an empty folder or a run of equipoise for --out but ${dir} holds something else (${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''}). Nothing was changed; choose another folder`,
      );
    const finished = entries.includes(files.result);
    if (config.overwrite)
      await Promise.all(Object.values(files).map((name) => rm(join(dir, name), { recursive: true, force: true })));
    else if (finished)
      throw new EquipoiseError(
        'ERR_OPTION',
        `${dir} holds a finished run. Replace it with --overwrite, or choose another folder with --out`,
      );
    else {
      const changed = differences(before.config, config);
      if (changed.length > 0)
        throw new EquipoiseError(
          'ERR_OPTION',
          `${dir} holds an unfinished run with other settings: ${changed.join(', ')}. Repeat them to resume it, replace it with --overwrite, or choose another folder with --out`,
        );
      resumed = true;
    }
  }
  try {
    await mkdir(dir, { recursive: true });
    await writeWhole(
      configPath,
      `${JSON.stringify({ format: FORMAT, version, config } satisfies ConfigFile, null, 2)}\n`,
    );
  } catch (error) {
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot write to the run folder ${dir}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { resumed };
}

/** Bytes of a file. */
export async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
