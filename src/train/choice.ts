/** How options name a registered thing: `'sgd'`, or `{ name: 'sgd', momentum: 0 }` with its options beside the name. */

import { expected } from '../core/errors.js';
import { custom, type OptionRule } from '../core/options.js';

export type Choice = string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

export function splitChoice(choice: Choice): { name: string; options: Record<string, unknown> } {
  if (typeof choice === 'string') return { name: choice, options: {} };
  const { name, ...options } = choice;
  if (typeof name !== 'string') throw expected('a name, or { name, …options }', 'a choice', choice);
  return { name, options };
}

/** The rule of an option that holds a choice, or an object with the function `own` that a caller wrote. */
export function choiceRule<T>(kind: string, own: string | null, fallback: T, help: string): OptionRule<T> {
  return custom<T>({
    accepts: `the name of a ${kind}, { name, …options }${own === null ? '' : `, or an object with a function ${own}`}`,
    default: fallback,
    help,
    check: (value) =>
      typeof value === 'string' ||
      value === fallback ||
      (typeof value === 'object' &&
        value !== null &&
        (typeof (value as { name?: unknown }).name === 'string' ||
          (own !== null && typeof (value as Record<string, unknown>)[own] === 'function'))),
  });
}
