/** The parts of a training, made from what its options name, and refused where they contradict each other. */

import type { LabelledRows } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import type { OptionsOf } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { assertOneLabel, targetKind } from '../core/targets.js';
import { assertTargets, createLoss, defaultLoss, type Loss } from '../loss/index.js';
import { createMix, type Mix } from '../mix/index.js';
import { createSampler, samplers, type Sampler } from '../sampler/index.js';
import { resolveBatchSampler } from './batch-samplers.js';
import { splitChoice, type Choice } from './choice.js';
import { resolveOptimizer, type ResolvedOptimizer } from './optimizers.js';
import type { LossChoice, TrainOptions, trainRules } from './options.js';
import { resolvePairing } from './pairings.js';
import { createSchedule } from './schedule.js';

/**
 * @param o the options, with defaults; `given` are those without.
 * @throws ERR_OPTION for a part that these rows or the other parts leave no place for.
 */
export function chooseParts(o: OptionsOf<typeof trainRules>, given: TrainOptions, train: LabelledRows) {
  const kind = targetKind(train);
  const loss = chooseLoss(given.loss ?? defaultLoss[kind]);
  assertTargets(loss, kind);
  const sampler = chooseSampler(o.sampler, o.seed);
  const mix = chooseMix(o.mix);
  if (mix) assertOneLabel(train, `mix ${mix.name}`, 'Leave trainHead.mix out');
  if (!mix && o.pairing !== null) throw new EquipoiseError('ERR_OPTION', 'trainHead.pairing needs trainHead.mix');
  const mixing = mix && { mix, pairing: resolvePairing(o.pairing ?? 'random') };
  const batchSampler = resolveBatchSampler(o.batchSampler);
  const schedule = createSchedule(o.schedule);
  const optimizer = resolveOptimizer(o.optimizer);
  refuseContradictions(given, optimizer);
  return { loss, sampler, mixing, batchSampler, schedule, optimizer };
}

export function chooseLoss(choice: LossChoice): Loss {
  if (typeof choice === 'function') return { name: choice.name || 'own', options: {}, evaluate: choice };
  if (typeof choice === 'object' && typeof choice['evaluate'] === 'function') return choice as Loss;
  const { name, options } = splitChoice(choice as Choice);
  return createLoss(name, options);
}

/** A sampler by name that draws takes the seed of the training unless it is given its own. */
export function chooseSampler(choice: Choice | Sampler | null, seed: number): Sampler | undefined {
  if (choice === null) return undefined;
  if (typeof choice === 'object' && typeof choice['plan'] === 'function') return choice as Sampler;
  const { name, options } = splitChoice(choice as Choice);
  const draws = Object.hasOwn(lookUp(samplers, 'sampler', name).options, 'seed');
  return createSampler(name, draws ? { seed, ...options } : options);
}

function chooseMix(choice: Choice | Mix | null): Mix | undefined {
  if (choice === null) return undefined;
  if (typeof choice === 'object' && typeof choice['labelWeight'] === 'function') return choice as Mix;
  const { name, options } = splitChoice(choice as Choice);
  return createMix(name, options);
}

/** @throws ERR_OPTION for options that the optimizer's way of stepping, or the head to go on from, leaves nothing to do for. */
function refuseContradictions(given: TrainOptions, { name, definition, options }: ResolvedOptimizer): void {
  const refuse = (option: string, why: string) => {
    throw new EquipoiseError('ERR_OPTION', `trainHead.${option} cannot be given with optimizer ${name}: ${why}`);
  };
  const isGiven = (option: keyof TrainOptions) => given[option] !== undefined && given[option] !== null;
  const solver = 'solve' in definition ? definition : undefined;
  if (solver) {
    for (const option of [
      'batchSize',
      'schedule',
      'learningRate',
      'rateFactor',
      'batchSampler',
      'epochLength',
    ] as const)
      // Every row once is what it does: strategies say so of their batches.
      if (isGiven(option) && given[option] !== 'auto' && given[option] !== 'instance')
        refuse(option, 'it takes all rows at once and finds the length of its steps');
    if (isGiven('mix')) refuse('mix', 'it needs the same rows in every step');
    if (given.freshDraws) refuse('freshDraws', 'it needs the same rows in every step');
  }
  if (solver || ('looksAhead' in definition && definition.looksAhead)) {
    if (isGiven('step')) refuse('step', 'it evaluates batches at other parameters, as the method does');
    if ((given.accumulate ?? 1) > 1) refuse('accumulate', 'it evaluates one batch at several parameters');
  }
  const why = solver?.needsValidation?.(options);
  if (why !== undefined && given.validation === undefined)
    throw new EquipoiseError('ERR_OPTION', `Expected trainHead.validation but received none: ${why}`);
  if (given.from && given.standardize !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      'trainHead.from brings its own scaler, so standardize cannot be given beside it',
    );
  if (given.restart && !given.from)
    throw new EquipoiseError('ERR_OPTION', 'trainHead.restart needs trainHead.from: without it everything begins anew');
}
