/** Parameters of a head, picked by name, copied and kept. */

import { EquipoiseError, expected } from '../core/errors.js';
import type { Head, Parameter } from '../head/index.js';

/** Positions of the named parameters. @throws ERR_OPTION */
export function namedParameters(head: Head, given: readonly string[] | 'classifier', option: string): number[] {
  const names = given === 'classifier' ? head.classifier : given;
  const known = head.parameters.map(({ name }) => name);
  return names.map((name) => {
    const position = known.indexOf(name);
    if (position < 0)
      throw expected(`parameters of head ${head.name} (${known.join(', ')})`, `trainHead.${option}`, name);
    return position;
  });
}

/** @throws ERR_OPTION for heads of different kinds. */
export function copyParameters(from: Head, to: Head, except: readonly number[]): void {
  const kind = (head: Head) =>
    `${head.name} ${head.parameters.map(({ name, shape }) => `${name} ${shape.join('x')}`).join(', ')}`;
  if (kind(from) !== kind(to))
    throw new EquipoiseError(
      'ERR_OPTION',
      `trainHead.from is a head ${kind(from)}, but ${kind(to)} is to be trained. Give head the same name and options`,
    );
  to.parameters.forEach(({ data }, p) => {
    if (!except.includes(p)) data.set((from.parameters[p] as Parameter).data);
  });
}

/** A copy of all parameters that can be taken again and put back. */
export function keepParameters({ parameters }: Head): { take(): void; restore(): void } {
  const kept = parameters.map(({ data }) => data.slice());
  return {
    take: () => parameters.forEach(({ data }, p) => kept[p]?.set(data)),
    restore: () => parameters.forEach(({ data }, p) => data.set(kept[p] as Float32Array)),
  };
}
