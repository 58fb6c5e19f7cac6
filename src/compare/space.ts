/** What a search looks through: the values of options, listed, or drawn from a range. */

import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import type { OptionRule, OptionRules } from '../core/options.js';
import { createRng, type Draws } from '../core/rng.js';

export interface Range {
  readonly min: number;
  readonly max: number;
  /** `log`: as likely between 0.1 and 1 as between 1 and 10. */
  readonly scale?: 'linear' | 'log';
}

/** Of each option its values in a list, or a range to draw from. */
export type Space = Readonly<Record<string, readonly unknown[] | Range>>;

/** One setting of the options that are searched. */
export type Point = Readonly<Record<string, unknown>>;

const isList = (values: readonly unknown[] | Range): values is readonly unknown[] => Array.isArray(values);

/** @throws ERR_OPTION for an unknown option, a value that it does not take, or a range that is none. */
export function checkSpace(space: Space, rules: OptionRules): void {
  const names = Object.keys(space);
  if (names.length === 0)
    throw new EquipoiseError('ERR_OPTION', 'Expected options to search for tune.space but it has none');
  for (const name of names) {
    const rule = Object.hasOwn(rules, name) ? (rules[name] as OptionRule) : undefined;
    if (rule === undefined) throw unknownName('option to search', name, Object.keys(rules), 'options');
    const values = space[name] as readonly unknown[] | Range;
    if (isList(values)) {
      if (values.length === 0) throw expected('at least one value', `tune.space.${name}`, values);
      for (const value of values) if (!rule.check(value)) throw expected(rule.accepts, `tune.space.${name}`, value);
      continue;
    }
    const { min, max, scale = 'linear' } = (values ?? {}) as Range;
    const fits = (value: number) => Number.isFinite(value) && rule.check(value);
    const isRange = fits(min) && fits(max) && min < max && (scale === 'linear' || (scale === 'log' && min > 0));
    if (!isRange)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected an array of values (${rule.accepts}) or { min, max, scale: 'linear' | 'log' } with min < max (above 0 for log) for tune.space.${name} but received ${JSON.stringify(values)}`,
      );
  }
}

/** A range without declared bounds goes this many times below and above the default. */
const REACH = 4;

/**
 * The space that an option's declaration implies: all choices; its bounds; where one is missing, a quarter to four times the
 * default, on a logarithmic scale. Options of other kinds stay as they are.
 */
export function declaredSpace(rules: OptionRules): Space {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]): [string, readonly unknown[] | Range][] => {
      const { kind, choices, default: value } = rule;
      if (kind === 'boolean') return [[name, [false, true]]];
      if (choices) return [[name, choices]];
      if ((kind !== 'integer' && kind !== 'number') || typeof value !== 'number') return [];
      const { min, max } = rule;
      if (min !== undefined && max !== undefined) return [[name, { min, max }]];
      const reach = (bound: number) => {
        const whole = kind === 'integer' ? Math.round(bound) : bound;
        const within = Math.min(max ?? Infinity, Math.max(min ?? -Infinity, whole));
        return rule.check(within) ? within : value;
      };
      const range = { min: reach(value / REACH), max: reach(value * REACH), scale: 'log' as const };
      return range.min > 0 && range.min < range.max ? [[name, range]] : [];
    }),
  );
}

/** Every combination, the last option changing fastest. @throws ERR_OPTION for a range: a grid has listed values. */
export function gridOf(space: Space): Point[] {
  let points: Point[] = [{}];
  for (const [name, values] of Object.entries(space)) {
    if (!isList(values))
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected listed values for tune.space.${name} in a grid but received a range. List them, or search at random`,
      );
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points;
}

function drawFrom(values: readonly unknown[] | Range, rule: OptionRule, draws: Draws): unknown {
  if (isList(values)) return values[draws.below(values.length)];
  const { min, max, scale } = values;
  const share = draws.uniform();
  if (rule.kind === 'integer' && scale !== 'log') return min + Math.floor(share * (max - min + 1));
  const value = scale === 'log' ? min * (max / min) ** share : min + share * (max - min);
  return rule.kind === 'integer' ? Math.min(max, Math.max(min, Math.round(value))) : Number(value.toPrecision(4));
}

/** Draws before a space is taken to have no further points. */
const PATIENCE = 50;

/** Different points at random: fewer than asked for where the space has no more. */
export function drawPoints(space: Space, rules: OptionRules, count: number, seed: number): Point[] {
  const rng = createRng(seed, 'tune/points');
  const points = new Map<string, Point>();
  for (let at = 0, misses = 0; points.size < count && misses < PATIENCE; at++) {
    const draws = rng.at(at);
    const point = Object.fromEntries(
      Object.entries(space).map(([name, values]) => [name, drawFrom(values, rules[name] as OptionRule, draws)]),
    );
    const key = JSON.stringify(point);
    misses = points.has(key) ? misses + 1 : 0;
    points.set(key, point);
  }
  return [...points.values()];
}
