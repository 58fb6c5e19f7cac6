/** Which classes may lose rows to a cleaning method, which decides itself how many: the grammar of its `samplingStrategy`. */

import { expected, unknownName } from '../core/errors.js';
import { custom } from '../core/options.js';
import { assertRows, assertTwoClasses, classesByWord, type ClassTotals } from './sampling-strategy.js';

const NAMED = ['auto', 'majority', 'not-majority', 'not-minority', 'all'] as const;

/**
 * The classes that may lose rows: a word as for other under-samplers (`'auto'` is `'not-minority'`), a list of class names, or a
 * function that gets the counts by class name and returns such a list. Totals are not accepted, since they could not be met.
 */
export type CleaningStrategy =
  (typeof NAMED)[number] | readonly string[] | ((classCounts: ClassTotals) => readonly string[]);

const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');

/** The option that every cleaning method has. */
export const cleaningStrategyRule = custom<CleaningStrategy>({
  accepts: `one of ${NAMED.join(', ')}, a list of class names or a function of the counts`,
  default: 'auto',
  help: "which classes may lose rows; the method decides how many: 'auto' all but the smallest, 'all' every class, or a list of class names",
  check: (value) =>
    typeof value === 'string'
      ? (NAMED as readonly string[]).includes(value)
      : typeof value === 'function' || isList(value),
});

/**
 * Resolves a strategy to the classes that may lose rows, ascending.
 * @throws ERR_OPTION for an unknown class; ERR_DATA when fewer than two classes have rows, or a class asked for has none.
 *
 * @example
 * resolveCleaningStrategy('auto', Int32Array.of(5, 2, 9), ['a', 'b', 'c'], 'tomek-links.samplingStrategy');   // [0, 2]
 */
export function resolveCleaningStrategy(
  strategy: CleaningStrategy,
  counts: Int32Array,
  classNames: readonly string[],
  owner: string,
): number[] {
  assertTwoClasses(counts, classNames);
  const byWord = typeof strategy === 'string';
  let named: boolean[];
  if (byWord) named = classesByWord(strategy === 'auto' ? 'not-minority' : strategy, counts);
  else {
    const given =
      typeof strategy === 'function'
        ? strategy(Object.fromEntries(classNames.map((name, c) => [name, counts[c] as number])))
        : strategy;
    if (!isList(given)) throw expected('a list of class names', `the result of ${owner}`, given);
    for (const name of given) if (!classNames.includes(name)) throw unknownName('class', name, classNames, 'classes');
    named = classNames.map((name) => given.includes(name));
  }
  assertRows(counts, classNames, (c) => byWord || named[c] === true, owner);
  return [...named.keys()].filter((c) => named[c]);
}
