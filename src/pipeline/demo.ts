/** The whole job on a small set that it draws itself: what `npm run demo` does. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { drawLongTailedSet } from '../demo/index.js';
import type { RunResult } from '../report/index.js';
import { run, type RunContext } from './run.js';

export interface DemoOptions {
  /** Folder for the drawn images (`data/`) and the run (`run/`); default `equipoise-demo`. */
  readonly out?: string;
  /** Of the drawing and the training; default 0. */
  readonly seed?: number;
  /** How many seeds each strategy is trained with; default 3. */
  readonly seeds?: number;
  readonly threads?: number;
}

/**
 * Draws a long-tailed image set and runs plain cross-entropy, random over-sampling and EOS on it.
 * A demo already in the folder is replaced; other content is refused.
 */
export async function demo(options: DemoOptions = {}, context: RunContext = {}): Promise<RunResult> {
  const { out = 'equipoise-demo', seed = 0, seeds = 3, threads } = options;
  const data = join(out, 'data');
  const foreign = (await readdir(out).catch(() => [])).filter(
    (name) => !['data', 'data.unfinished', 'run'].includes(name),
  );
  if (foreign.length > 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected an empty folder or an earlier demo for --out but ${out} holds ${foreign.slice(0, 3).join(', ')}. Nothing was changed; choose another folder`,
    );
  const start = performance.now();
  const drawn = await drawLongTailedSet(data, {
    seed,
    ...(context.signal && { signal: context.signal }),
    ...(context.onProgress && { onProgress: context.onProgress }),
  });
  const images = [...drawn.trainCounts, ...drawn.testCounts].reduce((sum, count) => sum + count, 0);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  context.onNote?.(
    `${drawn.reused ? 'found' : 'drew'} ${images} images of ${drawn.classNames.length} classes in ${seconds} s`,
  );
  return run(
    {
      data: drawn.train,
      test: drawn.test,
      out: join(out, 'run'),
      strategy: 'eos',
      baselines: ['ce', 'random-over-sampling'],
      seed,
      seeds,
      overwrite: true,
      ...(threads !== undefined && { threads }),
    },
    context,
  );
}
