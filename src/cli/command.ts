/** What a command declares, and how argv becomes its options. Help, checks and suggestions all come from the declaration. */

import { parseArgs } from 'node:util';
import {
  EquipoiseError,
  nearNames,
  type ErrorCode,
  type OnProgress,
  type OptionRule,
  type OptionRules,
} from '../index.js';

export interface Flag {
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  readonly help: string;
  /** Shown in help: `--out DIR`. */
  readonly value?: string;
  readonly default?: string;
  /** For flags of type string: which values the option takes; the text is read as the first of its readings that fits. */
  readonly check?: OptionRule['check'];
  /** May be given several times; its value is an array. */
  readonly multiple?: boolean;
}

export interface Positional {
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean;
}

export interface Chosen {
  readonly flag: string;
  /** What may be chosen. */
  readonly of: Readonly<Record<string, { readonly options: OptionRules }>>;
  /** Options that any of them has. */
  readonly flags: Readonly<Record<string, Flag>>;
}

export type FlagValues = Readonly<Record<string, unknown>>;

/** What a command is given to talk to the user and to be stopped by. */
export interface Context {
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** A line for the user; silent with --json. */
  say(line: string): void;
  /** A line of result on standard output. */
  print(line: string): void;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly positionals: readonly Positional[];
  /** Keys are option names in camelCase; on the command line they are kebab-case. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Those of `flags` that are options of what another flag chooses: help shows the ones that it has. */
  readonly chosen?: Chosen;
  readonly example: string;
  /** The value is what --json prints. Throwing is failing. */
  run(positionals: readonly string[], flags: FlagValues, context: Context): Promise<unknown>;
}

/** Work that was done and found something wrong: --json still prints what was found, beside the error. */
export class Finding extends EquipoiseError {
  readonly result: unknown;

  constructor(code: ErrorCode, message: string, result: unknown) {
    super(code, message);
    this.result = result;
  }
}

export const commonFlags: Readonly<Record<string, Flag>> = {
  json: { type: 'boolean', help: 'print one JSON document on standard output and nothing else there' },
  help: { type: 'boolean', help: 'print this help' },
};

/** A command may say more about a common flag; its own come first. */
const allFlags = ({ flags }: Command) => ({ ...flags, ...commonFlags, ...flags });

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camel = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function flagOf({ kind, help: text, choices, check, default: value }: OptionRule): Flag {
  const isPlain = kind === 'integer' || kind === 'number' || kind === 'boolean';
  return {
    type: isPlain ? kind : 'string',
    help: text,
    ...(choices && { value: choices.join('|') }),
    ...(kind === 'custom' && { value: 'VALUE', check }),
    ...(value !== undefined && typeof value !== 'object' && kind !== 'boolean' && { default: String(value) }),
  };
}

/** One rule for an option that several declare: where they take different kinds of value, whatever one of them takes. */
function either(rules: readonly OptionRule[]): OptionRule {
  const [first] = rules as [OptionRule];
  if (rules.every(({ kind }) => kind === first.kind && kind !== 'custom')) return first;
  const { choices: _, ...rule } = first;
  return { ...rule, kind: 'custom', check: (value) => rules.some(({ check }) => check(value)) };
}

/** Flags for declared options (of strategies, samplers); where several declare one name, the words of the first stand. */
export function flagsFrom(...tables: readonly OptionRules[]): Record<string, Flag> {
  const declared = new Map<string, OptionRule[]>();
  for (const rules of tables)
    for (const [name, rule] of Object.entries(rules))
      if (!rule.programOnly) declared.set(name, [...(declared.get(name) ?? []), rule]);
  return Object.fromEntries([...declared].map(([name, rules]) => [name, flagOf(either(rules))]));
}

/** The given flags that are of `table`, as options for the library: absent ones stay absent. */
export function pick(flags: FlagValues, table: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(table).flatMap((name) => (name in flags ? [[name, flags[name]]] : [])));
}

/** @throws ERR_OPTION for an unknown flag (with near names), a missing or malformed value, too few or too many arguments. */
export function parse(command: Command, argv: readonly string[]): { positionals: string[]; flags: FlagValues } {
  const table = allFlags(command);
  const known = Object.keys(table).map(kebab);
  const tokens = joinNegativeValues(argv, table);
  for (const token of tokens) {
    if (token === '--') break;
    if (!token.startsWith('-') || token === '-') continue;
    const name = token.replace(/^--?/, '').replace(/=.*$/s, '');
    if (token.startsWith('--') && known.includes(name)) continue;
    const near = nearNames(name, known)[0];
    throw new EquipoiseError(
      'ERR_OPTION',
      `Unknown option ${token.split('=')[0]} for "equipoise ${command.name}".${near ? ` Did you mean --${near}?` : ''} Known options: ${known.map((flag) => `--${flag}`).join(', ')}`,
    );
  }
  let parsed;
  try {
    parsed = parseArgs({
      args: tokens,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(table).map(([name, flag]) => [
          kebab(name),
          { type: flag.type === 'boolean' ? 'boolean' : 'string', multiple: flag.multiple ?? false } as const,
        ]),
      ),
    });
  } catch (error) {
    throw new EquipoiseError(
      'ERR_OPTION',
      `${(error as Error).message.split('\n')[0]} (equipoise ${command.name} --help shows the options)`,
    );
  }
  const flags: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed.values)) {
    const name = camel(key);
    const flag = table[name];
    if (flag === undefined || value === undefined) continue;
    const read = (one: string | boolean) => (typeof one === 'string' ? typed(`--${key}`, flag, one) : one);
    flags[name] = Array.isArray(value) ? value.map(read) : read(value);
  }
  if (flags['help'] !== true) checkPositionals(command, parsed.positionals);
  return { positionals: parsed.positionals, flags };
}

/** `--label -1`: parseArgs takes a value that starts with a dash only in the form `--label=-1`. */
function joinNegativeValues(argv: readonly string[], table: Readonly<Record<string, Flag>>): string[] {
  const tokens: string[] = [];
  for (const token of argv) {
    const last = tokens.at(-1);
    const takesValue =
      last?.startsWith('--') &&
      !last.includes('=') &&
      table[camel(last.slice(2))] &&
      table[camel(last.slice(2))]?.type !== 'boolean';
    if (takesValue && /^-\d/.test(token)) tokens[tokens.length - 1] = `${last}=${token}`;
    else tokens.push(token);
  }
  return tokens;
}

/** What a text on the command line may stand for: itself, a number, yes or no, JSON, names with commas between. */
function* readings(text: string): Generator<unknown> {
  // No name begins like this, though a rule that takes any name would accept it.
  if (/^[[{]/.test(text)) yield* json(text);
  yield text;
  if (text.trim() !== '') yield Number(text);
  if (text === 'yes' || text === 'no') yield text === 'yes';
  if (/^(true|false|null)$/.test(text)) yield* json(text);
  const parts = text.split(',');
  yield parts;
  yield parts.map(Number);
}

function* json(text: string): Generator<unknown> {
  try {
    yield JSON.parse(text);
  } catch {
    // Then it is no JSON; the library says what it expected.
  }
}

function typed(name: string, { type, check }: Flag, text: string): unknown {
  if (type === 'string') {
    if (text === '') throw new EquipoiseError('ERR_OPTION', `Expected a value for ${name} but received an empty one`);
    if (check) for (const reading of readings(text)) if (check(reading)) return reading;
    return text;
  }
  const value = Number(text);
  const fits = text.trim() !== '' && (type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (!fits)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected ${type === 'integer' ? 'a whole number' : 'a number'} for ${name} but received ${JSON.stringify(text)}`,
    );
  return value;
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const required = command.positionals.filter((positional) => !positional.optional);
  if (given.length < required.length)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected ${required[given.length]?.name} (${required[given.length]?.help}) for "equipoise ${command.name}" but received nothing. Example: ${command.example}`,
    );
  const extra = given[command.positionals.length];
  if (extra !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Unexpected argument ${JSON.stringify(extra)} for "equipoise ${command.name}". Usage: ${usage(command)}`,
    );
}

export function usage(command: Command): string {
  const positionals = command.positionals.map(({ name, optional }) => (optional ? `[${name}]` : name));
  return ['equipoise', command.name, ...positionals, '[options]'].join(' ');
}

/** @param given what is chosen so far; options of something else are left out. */
export function help(command: Command, given: FlagValues = {}): string {
  const table = allFlags(command);
  const { flag: choosing = '', of = {}, flags: optional = {} } = command.chosen ?? {};
  const choice = [given[choosing], table[choosing]?.default].map(String).find((name) => Object.hasOwn(of, name)) ?? '';
  const own = flagsFrom(of[choice]?.options ?? {});
  const shown = Object.entries(table).flatMap(([name, flag]) =>
    !(name in optional) ? [[name, flag] as const] : name in own ? [[name, own[name] as Flag] as const] : [],
  );
  const rows = [
    ...command.positionals.map(({ name, help: text }) => [name, text] as const),
    ...shown.map(([name, flag]) => {
      const value = flag.type === 'boolean' ? '' : ` ${flag.value ?? (flag.type === 'string' ? 'TEXT' : 'N')}`;
      return [
        `--${kebab(name)}${value}`,
        `${flag.help}${flag.default === undefined ? '' : ` (default ${flag.default})`}`,
      ] as const;
    }),
  ];
  const lines = rows.map(([left, text]) => {
    const label = left.length > 26 ? `  ${left}\n${' '.repeat(30)}` : `  ${left.padEnd(28)}`;
    return label + wrap(text, 84).join(`\n${' '.repeat(30)}`);
  });
  const others = `These are the options of --${kebab(choosing)} ${choice}; --${kebab(choosing)} NAME --help tells those of another.`;
  return [
    `${command.summary}`,
    '',
    `usage: ${usage(command)}`,
    '',
    ...lines,
    '',
    ...(command.chosen ? [others, ''] : []),
    `example: ${command.example}`,
  ].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
