/** Comparisons and searches on the rows of a store. */

import { join } from 'node:path';
import {
  compare,
  tune,
  type CompareOptions,
  type ComparedParts,
  type Leaderboard,
  type TuneOptions,
  type Tuning,
} from '../compare/index.js';
import type { EmbeddingSet } from '../core/embedding-set.js';
import { renderLeaderboardHtml, renderLeaderboardMarkdown } from '../report/index.js';
import { openStore } from '../store/index.js';
import { assertRowsFit } from './memory.js';
import { writeWhole } from './run-folder.js';

/** The parts of a split, or without one all rows, to be divided anew. */
async function rowsToCompare(
  what: string,
  path: string,
  split: string | undefined,
): Promise<EmbeddingSet | ComparedParts> {
  const store = await openStore(path);
  assertRowsFit(what, store.count, store.dim);
  if (split === undefined) return store.read();
  return {
    train: await store.read({ split, part: 'train' }),
    validation: await store.read({ split, part: 'validation' }),
    test: await store.read({ split, part: 'test' }),
  };
}

/**
 * Compares strategies on the rows of a store; with `out`, leaves `leaderboard.json`, `leaderboard.html` and `leaderboard.md` beside
 * the finished trainings.
 * @param split of the store, the same for every seed; without it each seed divides all rows anew.
 * @throws as `compare` and `openStore` do.
 */
export async function compareStore(
  path: string,
  { split, ...options }: CompareOptions & { readonly split?: string } = {},
): Promise<Leaderboard> {
  const leaderboard = await compare(await rowsToCompare('compare', path, split), options);
  if (options.out !== undefined) {
    await writeWhole(join(options.out, 'leaderboard.html'), await renderLeaderboardHtml(leaderboard));
    await writeWhole(join(options.out, 'leaderboard.md'), renderLeaderboardMarkdown(leaderboard));
  }
  return leaderboard;
}

/** Searches the options of a strategy on the rows of a store. @throws as `tune` and `openStore` do. */
export async function tuneStore(
  path: string,
  { split, ...options }: TuneOptions & { readonly split?: string },
): Promise<Tuning> {
  return tune(await rowsToCompare('tune', path, split), options);
}
