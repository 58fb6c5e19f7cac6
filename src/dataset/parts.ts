/** Folders and files that are called train, validation or test. */

import type { Part } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { custom } from '../core/options.js';

const names: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
  t10k: 'test',
};

export function partOfName(name: string): Part | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(names, key) ? names[key] : undefined;
}

export const partOption = custom<Part | undefined>({
  accepts: 'one of train, validation, test',
  default: undefined,
  help: 'which part to open where several lie side by side; by default train',
  check: (value) => value === 'train' || value === 'validation' || value === 'test',
});

export const labelledOption = custom<boolean>({
  accepts: 'true or false',
  default: true,
  help: 'false opens items without labels, as prediction needs: no class folders, no label column, no labels file',
  check: (value) => typeof value === 'boolean',
});

/** Entries found side by side, each with the part its name says, if any. */
export interface Found<T> {
  readonly part: Part | undefined;
  readonly name: string;
  readonly value: T;
}

export interface Choice<T> {
  readonly value: T;
  readonly companions: Part[];
  readonly notes: string[];
}

/**
 * Takes the wanted part, or train, or the only one; says which others there are.
 * @throws ERR_DATA where the wanted part is missing or none can be preferred.
 */
export function choosePart<T>(found: readonly Found<T>[], wanted: Part | undefined, path: string): Choice<T> {
  const candidates = found.filter(({ part }) => part === (wanted ?? 'train'));
  const chosen = candidates.length === 0 && wanted === undefined && found.length === 1 ? found : candidates;
  const list = found.map(({ name }) => name).join(', ');
  if (chosen.length !== 1)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected one ${wanted ?? 'train'} part in ${path} but found ${list}. Give the path of one of them${wanted === undefined ? ', or the option part' : ''}`,
    );
  const { name, value, part } = chosen[0] as Found<T>;
  const rest = found.filter((other) => other.part !== undefined && other.part !== part);
  const companions = [...new Set(rest.map((other) => other.part as Part))];
  const beside = rest.map((other) => other.name).join(', ');
  return { value, companions, notes: rest.length > 0 ? [`opened ${name}; beside it: ${beside}`] : [] };
}
