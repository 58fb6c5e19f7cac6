/** Declared options: one table gives checks, defaults, command-line choices, help and docs. */

import { EquipoiseError, expected, nearNames } from './errors.js';

/** How one option is checked and documented. `help` says meaning; too small → what happens; too large → what happens. */
export interface OptionRule<T = unknown> {
  readonly kind: 'integer' | 'number' | 'boolean' | 'choice' | 'string' | 'custom';
  readonly help: string;
  readonly default: T;
  readonly choices?: readonly string[];
  /** Bounds of a number, where it has them. */
  readonly min?: number;
  readonly max?: number;
  /** Says what is accepted, for messages: "integer >= 1". */
  readonly accepts: string;
  readonly check: (value: unknown) => boolean;
  /** Only a program can give it: a function, say. No flag of the command line. */
  readonly programOnly?: true;
}

export type OptionRules = Readonly<Record<string, OptionRule>>;
export type OptionsOf<R extends OptionRules> = { [K in keyof R]: R[K] extends OptionRule<infer T> ? T : never };

function range(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` >= ${min}`;
  return max === undefined ? '' : ` <= ${max}`;
}

const bounds = ({ min, max }: { min?: number; max?: number }) => ({
  ...(min !== undefined && { min }),
  ...(max !== undefined && { max }),
});

export function integer(rule: { min?: number; max?: number; default: number; help: string }): OptionRule<number> {
  const { min = -Infinity, max = Infinity } = rule;
  return {
    kind: 'integer',
    help: rule.help,
    default: rule.default,
    ...bounds(rule),
    accepts: `integer${range(rule.min, rule.max)}`,
    check: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

export function number(rule: { min?: number; max?: number; default: number; help: string }): OptionRule<number> {
  const { min = -Infinity, max = Infinity } = rule;
  return {
    kind: 'number',
    help: rule.help,
    default: rule.default,
    ...bounds(rule),
    accepts: `finite number${range(rule.min, rule.max)}`,
    check: (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
  };
}

export function boolean(rule: { default: boolean; help: string }): OptionRule<boolean> {
  return {
    kind: 'boolean',
    help: rule.help,
    default: rule.default,
    accepts: 'true or false',
    check: (v) => typeof v === 'boolean',
  };
}

export function choice<const T extends string>(rule: { of: readonly T[]; default: T; help: string }): OptionRule<T> {
  return {
    kind: 'choice',
    help: rule.help,
    default: rule.default,
    choices: rule.of,
    accepts: `one of ${rule.of.join(', ')}`,
    check: (value) => rule.of.includes(value as T),
  };
}

/** Text; absent unless given or defaulted. */
export function text(rule: { default?: string; help: string }): OptionRule<string | undefined> {
  return {
    kind: 'string',
    help: rule.help,
    default: rule.default,
    accepts: 'non-empty text',
    check: (value) => typeof value === 'string' && value !== '',
  };
}

/** An option whose check is its own; `accepts` completes "Expected … for". */
export function custom<T>(rule: {
  accepts: string;
  default: T;
  help: string;
  check: (value: unknown) => boolean;
  programOnly?: true;
}): OptionRule<T> {
  return { kind: 'custom', ...rule };
}

/**
 * Fills in defaults and rejects what is unknown or out of range: an option is obeyed or refused, never ignored.
 * @param owner names the thing in messages: `eos` in `eos.kNeighbors`.
 * @throws ERR_OPTION
 */
export function resolveOptions<R extends OptionRules>(owner: string, rules: R, given: unknown = {}): OptionsOf<R> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw expected('an object of options', owner, given);
  const known = Object.keys(rules);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearNames(name, known);
    const hint = near.length > 0 ? ` Did you mean ${near[0]}?` : '';
    throw new EquipoiseError(
      'ERR_OPTION',
      `Unknown option ${owner}.${name}.${hint} Known options: ${known.join(', ') || '(none)'}`,
    );
  }
  const resolved: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined) resolved[name] = rule.default;
    else if (rule.check(value)) resolved[name] = value;
    else throw expected(rule.accepts, `${owner}.${name}`, value);
  }
  return resolved as OptionsOf<R>;
}
