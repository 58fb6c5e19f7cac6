/** How the learning rate moves over the epochs. */

import { custom, integer, number, resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import { lookUp, type Entry } from '../core/registry.js';
import { splitChoice, type Choice } from './choice.js';

export interface ScheduleDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** The factor of the base rate in `epoch` (from 0) of `epochs`; warm-up is added outside. */
  factor(
    place: { readonly epoch: number; readonly epochs: number; readonly warmupEpochs: number },
    options: OptionsOf<R>,
  ): number;
}

/** Declares a schedule; add it to the registry below. */
export function defineSchedule<const R extends OptionRules>(definition: ScheduleDefinition<R>): ScheduleDefinition<R> {
  return definition;
}

/** Every schedule takes this one: epoch e < warmupEpochs runs at (e + 1)/warmupEpochs of the base rate. */
const warmup = {
  warmupEpochs: integer({
    min: 0,
    default: 0,
    help: 'epochs in which the rate rises linearly to its full value; 0: full from the start; many: less time to learn',
  }),
};

export const constant = defineSchedule({
  name: 'constant',
  summary: 'the same rate throughout',
  options: {},
  factor: () => 1,
});

export const step = defineSchedule({
  name: 'step',
  summary: 'the rate drops at given epochs',
  options: {
    milestones: custom<readonly number[]>({
      accepts: 'an ascending array of epochs, integers >= 0',
      default: [],
      help: 'the rate is multiplied by gamma from each of these epochs on; none: a constant rate',
      check: (value) =>
        Array.isArray(value) &&
        value.every((epoch, i) => Number.isSafeInteger(epoch) && epoch >= 0 && (i === 0 || epoch > value[i - 1])),
    }),
    gamma: number({ min: 0, max: 1, default: 0.1, help: 'factor at each milestone' }),
  },
  factor: ({ epoch }, { milestones, gamma }) => gamma ** milestones.filter((milestone) => epoch >= milestone).length,
});

export const cosine = defineSchedule({
  name: 'cosine',
  summary:
    'the rate falls along half a cosine wave towards 0, so that the last epochs average out the noise of the batches',
  paper: 'Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", arXiv:1608.03983',
  options: {},
  factor: ({ epoch, epochs, warmupEpochs }) =>
    0.5 * (1 + Math.cos((Math.PI * (epoch - warmupEpochs)) / Math.max(1, epochs - warmupEpochs))),
});

export const schedules = { constant, step, cosine } as const;

export type ScheduleName = keyof typeof schedules;

export interface Schedule {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The factor of the base rate in epoch `epoch` of `epochs`, from 0. */
  factor(epoch: number, epochs: number): number;
}

/** A schedule by name. @throws ERR_OPTION */
export function createSchedule(choice: Choice): Schedule {
  const { name, options: given } = splitChoice(choice);
  const definition = lookUp(schedules, 'schedule', name) as ScheduleDefinition;
  const { warmupEpochs, ...options } = resolveOptions(name, { ...definition.options, ...warmup }, given);
  return {
    name,
    options: { ...options, warmupEpochs },
    factor: (epoch, epochs) =>
      epoch < warmupEpochs ? (epoch + 1) / warmupEpochs : definition.factor({ epoch, epochs, warmupEpochs }, options),
  };
}
