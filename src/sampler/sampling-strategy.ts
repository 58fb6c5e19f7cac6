/** Which class is to have how many rows: the grammar of `samplingStrategy`, resolved to totals. */

import { EquipoiseError, expected, show, unknownName } from '../core/errors.js';
import { custom } from '../core/options.js';

const NAMED = ['auto', 'minority', 'majority', 'not-majority', 'not-minority', 'all'] as const;

/** Totals *after* resampling by class name; classes that are not named keep what they have. */
export type ClassTotals = Readonly<Record<string, number>>;

/**
 * Which classes are resampled, and to what total.
 *
 * - `'minority'` only the smallest class, `'not-minority'` all but it, `'not-majority'` all but the largest, `'all'` every
 *   class (`'majority'` only the largest, for under-samplers): over-samplers lift them to the largest class, under-samplers
 *   cut them to the smallest. Of classes that tie for smallest or largest the first in the class table counts as it.
 * - `'auto'` is `'not-majority'` for over-samplers and `'not-minority'` for under-samplers.
 * - an object gives totals after resampling by class name.
 * - a number in (0, 1], for two classes only, is smaller ÷ larger class after resampling.
 * - a function gets the counts by class name and returns such an object.
 */
export type SamplingStrategy =
  (typeof NAMED)[number] | number | ClassTotals | ((classCounts: ClassTotals) => ClassTotals);

/** The option that every sampler with targets has. */
export const samplingStrategyRule = custom<SamplingStrategy>({
  accepts: `one of ${NAMED.join(', ')}, totals by class name, a ratio in (0, 1] or a function of the counts`,
  default: 'auto',
  help: "which classes to resample, to which totals after resampling: 'auto' balances all classes; counts by class name are totals, not additions; a ratio (two classes only) is smaller ÷ larger afterwards",
  check: (value) =>
    typeof value === 'string'
      ? (NAMED as readonly string[]).includes(value)
      : typeof value === 'number'
        ? value > 0 && value <= 1
        : typeof value === 'function' || (typeof value === 'object' && value !== null && !Array.isArray(value)),
});

const MAX_ROWS = 2 ** 31 - 1;

function totalsByName(
  totals: unknown,
  counts: ArrayLike<number>,
  names: readonly string[],
  kind: 'over' | 'under',
  owner: string,
): Int32Array {
  if (typeof totals !== 'object' || totals === null || Array.isArray(totals))
    throw expected('totals by class name', owner, totals);
  const after = Int32Array.from(counts);
  for (const [name, total] of Object.entries(totals)) {
    const classId = names.indexOf(name);
    if (classId < 0) throw unknownName('class', name, names, 'classes');
    const before = counts[classId] as number;
    const inRange = kind === 'over' ? total >= before && total <= MAX_ROWS : total >= 0 && total <= before;
    if (!Number.isSafeInteger(total) || !inRange)
      throw expected(
        `a whole number ${kind === 'over' ? '>=' : 'from 0 to'} ${before}, the rows the class has`,
        `${owner}[${show(name)}]`,
        total,
        `Counts are totals after resampling, and ${kind === 'over' ? 'an over-sampler removes no row' : 'an under-sampler adds no row'}`,
      );
    after[classId] = total;
  }
  return after;
}

function totalsByRatio(
  ratio: number,
  counts: Int32Array,
  present: readonly number[],
  kind: 'over' | 'under',
  owner: string,
): Int32Array {
  if (present.length !== 2)
    throw expected(
      'totals by class name',
      owner,
      ratio,
      `A ratio needs exactly two classes with rows and there are ${present.length}`,
    );
  const [first, second] = present as [number, number];
  const [small, large] = counts[first]! <= counts[second]! ? [first, second] : [second, first];
  const [low, high] = [counts[small] as number, counts[large] as number];
  const after = Int32Array.from(counts);
  if (kind === 'over') after[small] = Math.floor(ratio * high);
  else after[large] = Math.floor(low / ratio);
  if (after[small]! < low || after[large]! > high)
    throw expected(`a ratio from ${low / high}, what the classes have already, to 1`, owner, ratio);
  return after;
}

/** The classes that a word names. `word` is not 'auto', whose meaning depends on the kind of method. */
export function classesByWord(word: Exclude<(typeof NAMED)[number], 'auto'>, counts: Int32Array): boolean[] {
  const largest = counts.indexOf(Math.max(...counts));
  const smallest = counts.indexOf(Math.min(...counts));
  return Array.from(
    counts,
    (_, c) =>
      word === 'all' ||
      (word === 'minority' && c === smallest) ||
      (word === 'majority' && c === largest) ||
      (word === 'not-majority' && c !== largest) ||
      (word === 'not-minority' && c !== smallest),
  );
}

function totalsByWord(
  word: (typeof NAMED)[number],
  counts: Int32Array,
  kind: 'over' | 'under',
  owner: string,
): Int32Array {
  if (word === (kind === 'over' ? 'majority' : 'minority'))
    throw expected(
      `a strategy for ${kind}-sampling`,
      owner,
      word,
      `The ${word} class has nothing to ${kind === 'over' ? 'gain' : 'lose'}`,
    );
  const target = kind === 'over' ? Math.max(...counts) : Math.min(...counts);
  const named = classesByWord(word !== 'auto' ? word : kind === 'over' ? 'not-majority' : 'not-minority', counts);
  return counts.map((count, c) => (named[c] ? target : count));
}

/** Rows of at least two classes, or there is nothing to weigh against each other. @throws ERR_DATA */
export function assertTwoClasses(counts: Int32Array, classNames: readonly string[]): void {
  const present = [...counts.keys()].filter((c) => (counts[c] as number) > 0);
  if (present.length < 2)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected rows of at least two classes to resample but ${present.length === 0 ? 'there are none' : `all ${counts[present[0] as number]} rows are ${show(classNames[present[0] as number])}`}. Check the labels and the split`,
    );
}

/** @throws ERR_DATA for a class of `asked` that has no rows. */
export function assertRows(
  counts: Int32Array,
  classNames: readonly string[],
  asked: (classId: number) => boolean,
  owner: string,
): void {
  const empty = counts.findIndex((count, c) => count === 0 && asked(c));
  if (empty >= 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Class ${show(classNames[empty])} has no training rows to resample. Take it out of the class table, give it rows, or name the other classes in ${owner}`,
    );
}

/**
 * Resolves a strategy to the total each class has after resampling.
 *
 * @param classCounts rows a class now, one entry a class of the table.
 * @param kind 'over' never lowers a count, 'under' never raises one.
 * @param owner names the option in messages: `eos.samplingStrategy`.
 * @returns totals after resampling, one a class.
 * @throws ERR_OPTION for an unknown class (with near names) or a total out of reach; ERR_DATA when fewer than two classes
 * have rows, or a class that is to grow has none.
 *
 * @example
 * resolveSamplingStrategy('auto', [5, 2, 1], ['a', 'b', 'c'], 'over');   // Int32Array [5, 5, 5]
 */
export function resolveSamplingStrategy(
  strategy: SamplingStrategy,
  classCounts: ArrayLike<number>,
  classNames: readonly string[],
  kind: 'over' | 'under',
  owner = 'samplingStrategy',
): Int32Array {
  if (!samplingStrategyRule.check(strategy)) throw expected(samplingStrategyRule.accepts, owner, strategy);
  const counts = Int32Array.from(classCounts);
  assertTwoClasses(counts, classNames);

  let after: Int32Array;
  if (typeof strategy === 'function') {
    const byName = Object.fromEntries(classNames.map((name, c) => [name, counts[c] as number]));
    after = totalsByName(strategy(byName), counts, classNames, kind, `the result of ${owner}`);
  } else if (typeof strategy === 'object') {
    after = totalsByName(strategy, counts, classNames, kind, owner);
  } else if (typeof strategy === 'number') {
    const present = [...counts.keys()].filter((c) => (counts[c] as number) > 0);
    after = totalsByRatio(strategy, counts, present, kind, owner);
  } else {
    after = totalsByWord(strategy, counts, kind, owner);
  }

  assertRows(counts, classNames, (c) => typeof strategy === 'string' || (after[c] as number) > 0, owner);
  return after;
}
