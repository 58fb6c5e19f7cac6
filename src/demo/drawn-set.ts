/** A small long-tailed image set that the project draws itself, so that trying it needs no download. */

import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { integer, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { createRng } from '../core/rng.js';
import { drawPicture } from './scene.js';
import { shapes } from './shapes.js';

const SETTINGS_FILE = 'drawn-set.json';
/** Raised whenever the same seed would give other pictures, so that an older folder is not taken for this one. */
const DRAWING_VERSION = 1;

const rules = {
  seed: integer({ min: 0, default: 0, help: 'another seed draws other pictures of the same classes' }),
  largest: integer({ min: 1, default: 300, help: 'training pictures of the most frequent class' }),
  smallest: integer({
    min: 1,
    default: 6,
    help: 'training pictures of the rarest class; those between fall off evenly on a log scale',
  }),
  testPerClass: integer({ min: 1, default: 40, help: 'test pictures of every class' }),
};

export interface DrawOptions {
  readonly seed?: number;
  readonly largest?: number;
  readonly smallest?: number;
  readonly testPerClass?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface DrawnSet {
  /** Class folders with a long tail. */
  readonly train: string;
  /** Class folders of equal size. */
  readonly test: string;
  /** Most frequent first. */
  readonly classNames: readonly string[];
  readonly trainCounts: readonly number[];
  readonly testCounts: readonly number[];
  /** True when the same set was there already and was left as it was. */
  readonly reused: boolean;
}

/** Counts that fall off evenly on a log scale, from `largest` to `smallest`: 300, 194, 126, … 9, 6 for ten classes. */
export function longTailCounts(classes: number, largest: number, smallest: number): number[] {
  const step = classes > 1 ? Math.log(smallest / largest) / (classes - 1) : 0;
  return Array.from({ length: classes }, (_, c) => Math.round(largest * Math.exp(step * c)));
}

async function settingsAt(dir: string): Promise<string | undefined> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (names.length === 0) return undefined;
  return names.includes(SETTINGS_FILE) ? readFile(join(dir, SETTINGS_FILE), 'utf8') : '';
}

/**
 * Draws ten classes of shapes as JPEG files under `dir/train/<class>` and `dir/test/<class>`: the training part has a
 * long tail (300 to 6 pictures a class by default), the test part is balanced. The same seed gives the same bytes on the
 * same build of the image library; a folder that holds this very set already is reused.
 *
 * @throws ERR_OPTION for an option out of range, ERR_DATA if `dir` holds something else, ERR_ABORTED.
 *
 * @example
 * const { train, test } = await drawLongTailedSet('shapes', { seed: 0 });
 */
export async function drawLongTailedSet(dir: string, options: DrawOptions = {}): Promise<DrawnSet> {
  const { signal, onProgress, ...given } = options;
  const { seed, largest, smallest, testPerClass } = resolveOptions('drawLongTailedSet', rules, given);
  if (smallest > largest) throw expected(`at most largest (${largest})`, 'drawLongTailedSet.smallest', smallest);
  const classNames = Object.keys(shapes);
  const trainCounts = longTailCounts(classNames.length, largest, smallest);
  const testCounts = classNames.map(() => testPerClass);
  const drawn = { train: join(dir, 'train'), test: join(dir, 'test'), classNames, trainCounts, testCounts };

  const settings = `${JSON.stringify({ drawingVersion: DRAWING_VERSION, seed, classNames, trainCounts, testCounts }, null, 2)}\n`;
  const found = await settingsAt(dir);
  if (found === settings) return { ...drawn, reused: true };
  if (found !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected an empty or missing folder for the drawn set but ${dir} holds ${found === '' ? 'other files' : 'a set drawn with other settings'}. Remove it or name another folder`,
    );

  const pictures = [
    { part: 'train', counts: trainCounts },
    { part: 'test', counts: testCounts },
  ].flatMap(({ part, counts }) =>
    classNames.flatMap((className, c) =>
      Array.from({ length: counts[c] as number }, (_, i) => ({ part, className, i })),
    ),
  );
  // Drawn beside the folder and renamed at the end: a run that was stopped leaves nothing that looks complete.
  const unfinished = `${dir.replace(/[/\\]+$/, '')}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  for (const part of ['train', 'test'])
    for (const className of classNames) await mkdir(join(unfinished, part, className), { recursive: true });

  let next = 0;
  let done = 0;
  const drawOthers = async () => {
    for (let at = next++; at < pictures.length; at = next++) {
      throwIfAborted(signal, 'drawing the demo set');
      const { part, className, i } = pictures[at] as (typeof pictures)[number];
      const picture = await drawPicture(className, createRng(seed, `demo/${part}/${className}`).at(i));
      await writeFile(join(unfinished, part, className, `${className}-${String(i).padStart(4, '0')}.jpg`), picture);
      onProgress?.({ stage: 'draw', done: ++done, total: pictures.length });
    }
  };
  const drawers = await Promise.allSettled(Array.from({ length: 2 * availableParallelism() }, drawOthers));
  for (const drawer of drawers) if (drawer.status === 'rejected') throw drawer.reason;
  await writeFile(join(unfinished, SETTINGS_FILE), settings);
  await rm(dir, { recursive: true, force: true });
  await rename(unfinished, dir);
  return { ...drawn, reused: false };
}
