/** The last layer of a head, for methods that rework it after training. */

import { EquipoiseError } from '../core/errors.js';
import type { Head, Parameter } from './head.js';

export interface ClassifierLayer {
  /** (C, ·): one row a class. */
  readonly weight: Parameter;
  /** (C). */
  readonly bias?: Parameter;
}

/** Weight and bias of the last layer. @throws ERR_OPTION for a head that does not end in such a layer. */
export function classifierLayer(head: Head, what: string): ClassifierLayer {
  const ends = (suffix: string) =>
    head.parameters.find(({ name }) => head.classifier.includes(name) && name.split('.').at(-1) === suffix);
  const weight = ends('weight');
  const bias = ends('bias');
  if (weight === undefined || head.classifier.length !== (bias ? 2 : 1))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a head that ends in a linear layer for ${what} but received ${head.name}. Use linear, mlp or adapter`,
    );
  return { weight, ...(bias && { bias }) };
}

/**
 * Adds a constant a class to the logits of a trained head, in its bias: post-hoc logit adjustment with shift −τ log π_c.
 * @throws ERR_OPTION for a head without a bias.
 */
export function shiftLogits(head: Head, shifts: ArrayLike<number>, what: string): void {
  const { bias } = classifierLayer(head, what);
  if (bias === undefined)
    throw new EquipoiseError('ERR_OPTION', `Expected a head with a bias for ${what} but ${head.name} has none`);
  for (let c = 0; c < bias.data.length; c++) bias.data[c] = (bias.data[c] as number) + (shifts[c] as number);
}
