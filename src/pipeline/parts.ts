/** Which rows of a store are trained on, chosen by and judged by. */

import { asTraining, brand, type AnyTrainingSet, type HeldOutSet, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { strataOf } from '../core/targets.js';
import { splitIndices } from '../dataset/index.js';
import type { EmbeddingStore } from '../store/index.js';
import type { RunConfig } from './config.js';
import { openRows } from './memory.js';

export interface Parts {
  readonly train: TrainingSet;
  readonly validation: HeldOutSet;
  readonly test: HeldOutSet;
}

/** Name of the split that a run makes. */
const splitName = 'default';

/** Splits the rows of a run, or reads the split that it made before it was stopped. */
export async function splitStore(
  store: EmbeddingStore,
  partOf: ((id: string) => string) | undefined,
  config: RunConfig,
): Promise<Parts> {
  const { seed, testFraction, validationFraction } = config;
  if (!store.splits().includes(splitName)) {
    const all = await store.read();
    const isTest = (row: number) => partOf?.(all.ids[row] as string) === 'test';
    const rows = Int32Array.from(all.labels.keys()).filter((row) => !isTest(row));
    // Given test data is never split: only the rest is, into training and validation.
    const drawn = splitIndices(
      rows.map((row) => all.labels[row] as number),
      strataOf(all),
      {
        test: partOf ? 0 : testFraction,
        validation: validationFraction,
        seed,
        ...(all.groups && { groups: Array.from(rows, (row) => all.groups?.[row] as string) }),
      },
    );
    const ids = (positions: Int32Array) =>
      Array.from(positions, (position) => all.ids[rows[position] as number] as string);
    await store.writeSplit(splitName, {
      seed,
      parts: {
        train: ids(drawn.train),
        validation: ids(drawn.validation),
        test: partOf ? all.ids.filter((_, row) => isTest(row)) : ids(drawn.test),
      },
      settings: { test: partOf ? 'given' : testFraction, validation: validationFraction },
    });
  }
  const read = <P extends 'train' | 'validation' | 'test'>(part: P) =>
    store.read({ split: splitName, part } as { split: string; part: P });
  const parts = {
    train: (await read('train')) as TrainingSet,
    validation: (await read('validation')) as HeldOutSet,
    test: (await read('test')) as HeldOutSet,
  };
  if (parts.test.labels.length === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected rows to judge by but the test part is empty. Pass --test DATA or a --test-fraction above 0',
    );
  const missing = parts.train.classNames.filter((_, c) => parts.train.classCounts[c] === 0);
  if (missing.length > 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected training rows of every class but there are none of ${missing.join(', ')}`,
    );
  return parts;
}

export interface TrainingRowsOptions {
  /** Without it all rows are training rows, which a store with splits does not allow. */
  readonly split?: string | undefined;
  /** Accepts a store that a sampler wrote. */
  readonly resampled?: boolean;
  /** Rows that take more stay on disk; default a quarter of the machine's memory. */
  readonly memoryBytes?: number | undefined;
}

/**
 * The rows of a store to train on, in memory or, where they take too much of it, on disk.
 * @throws ERR_OPTION for a store with splits when none is named, ERR_DATA for rows that must not be trained on.
 */
export async function trainingRows(store: EmbeddingStore, options: TrainingRowsOptions = {}): Promise<AnyTrainingSet> {
  const { split, resampled = false, memoryBytes } = options;
  if (split !== undefined) return (await openRows(store, { split, part: 'train' }, memoryBytes)) as AnyTrainingSet;
  if (store.splits().length > 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${store.dir} has the splits ${store.splits().join(', ')}. Name one with --split, so that only its training rows are taken`,
    );
  const set = await openRows(store, {}, memoryBytes);
  if (!store.resampled) return asTraining(set);
  if (!resampled)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected original rows but ${store.dir} holds synthetic ones already. Resample the store it was made from`,
    );
  if ((await store.provenance()).some(({ labelWeight = 1 }) => labelWeight !== 1))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected rows of one label each but ${store.dir} has mixed ones, whose labels a store keeps for inspection only. Train with the strategy that mixes, on the store it was made from`,
    );
  // A sampler makes rows of training rows alone.
  return brand(set, 'train');
}
