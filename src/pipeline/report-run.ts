/** Writes the report of a finished run again, from its result.json. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { renderHtml, RESULT_FORMAT_VERSION, type RunResult } from '../report/index.js';
import { files, writeWhole } from './run-folder.js';

/** @throws ERR_DATA when the folder has no finished run, or one of another major version. */
export async function reportRun(dir: string): Promise<{ path: string; result: RunResult }> {
  const path = join(dir, files.result);
  let result: RunResult;
  try {
    result = JSON.parse(await readFile(path, 'utf8')) as RunResult;
  } catch (error) {
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a finished run in ${dir} but ${files.result} is missing or no JSON. Finish it with the same "equipoise run" command`,
      { cause: error },
    );
  }
  if (result.formatVersion !== RESULT_FORMAT_VERSION)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected format version ${RESULT_FORMAT_VERSION} for ${path} but it has ${String(result.formatVersion)}. Use the version of equipoise that wrote it`,
    );
  const target = join(dir, files.report);
  await writeWhole(target, await renderHtml(result));
  return { path: target, result };
}
