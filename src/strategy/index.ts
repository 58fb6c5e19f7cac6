/** Strategies: named recipes made of samplers, losses, heads and schedules. Adding one is its file and a line here. */

import { assertTraining, shapeOf, type AnyTrainingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { lookUp } from '../core/registry.js';
import { targetKind, type TargetKind } from '../core/targets.js';
import { calibrate, resolveDecision, wantsDecision, type DecisionOptions } from '../decision/index.js';
import { fitHead, type TrainedHead, type TrainOptions } from '../train/index.js';
import { arb } from './arb.js';
import { aslSigmoid } from './asl-sigmoid.js';
import { asl } from './asl.js';
import { balancedMixup } from './balanced-mixup.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { cdb } from './cdb.js';
import { cdt } from './cdt.js';
import { ce } from './ce.js';
import { classBalanced } from './class-balanced.js';
import { classWeights } from './class-weights.js';
import { classWeightsSigmoid } from './class-weights-sigmoid.js';
import { cmwNet } from './cmw-net.js';
import { crt } from './crt.js';
import { drs } from './drs.js';
import { drw } from './drw.js';
import { eos } from './eos.js';
import { eql } from './eql.js';
import { focalSigmoid } from './focal-sigmoid.js';
import { focal } from './focal.js';
import { ib } from './ib.js';
import { labelAwareSmoothing } from './label-aware-smoothing.js';
import { labelSmoothing } from './label-smoothing.js';
import { latentSmote } from './latent-smote.js';
import { ldamDrw } from './ldam-drw.js';
import { logitAdjustment } from './logit-adjustment.js';
import { lws } from './lws.js';
import { m2m } from './m2m.js';
import { mamixDrw } from './mamix-drw.js';
import { mamix } from './mamix.js';
import { metaWeightNet } from './meta-weight-net.js';
import { metabalance } from './metabalance.js';
import { mixupDrw } from './mixup-drw.js';
import { mixup } from './mixup.js';
import { ncm } from './ncm.js';
import { otReweight } from './ot-reweight.js';
import { preFinetuning } from './pre-finetuning.js';
import { randomOverSampling } from './random-over-sampling.js';
import { remix } from './remix.js';
import { remixDrw } from './remix-drw.js';
import { resampling } from './resampling.js';
import { reweightCb } from './reweight-cb.js';
import { seql } from './seql.js';
import { smote } from './smote.js';
import { softSmote } from './soft-smote.js';
import { fitStages, isLayered } from './stages.js';
import { aliasOf, resolveStrategy, type StrategyDefinition } from './strategy.js';
import { tauNorm } from './tau-norm.js';
import { vsLoss } from './vs-loss.js';

export const strategies = {
  ce,
  'class-weights': classWeights,
  'class-balanced': classBalanced,
  'reweight-cb': reweightCb,
  drw,
  focal,
  asl,
  'ldam-drw': ldamDrw,
  'balanced-softmax': balancedSoftmax,
  'logit-adjustment': logitAdjustment,
  'vs-loss': vsLoss,
  cdt,
  arb,
  'label-smoothing': labelSmoothing,
  'label-aware-smoothing': labelAwareSmoothing,
  ib,
  seql,
  cdb,
  'random-over-sampling': randomOverSampling,
  smote,
  'latent-smote': latentSmote,
  'soft-smote': softSmote,
  eos,
  resampling,
  drs,
  mixup,
  'mixup-drw': mixupDrw,
  remix,
  'remix-drw': remixDrw,
  mamix,
  'mamix-drw': mamixDrw,
  'balanced-mixup': balancedMixup,
  crt,
  lws,
  'tau-norm': tauNorm,
  ncm,
  m2m,
  'ot-reweight': otReweight,
  metabalance,
  'meta-weight-net': metaWeightNet,
  'cmw-net': cmwNet,
  'pre-finetuning': preFinetuning,
  'binary-cross-entropy': binaryCrossEntropy,
  'class-weights-sigmoid': classWeightsSigmoid,
  'focal-sigmoid': focalSigmoid,
  'asl-sigmoid': aslSigmoid,
  eql,
  erm: aliasOf('erm', ce),
  'deep-smote': aliasOf('deep-smote', latentSmote),
} as const;

export type StrategyName = keyof typeof strategies;

/** What training without any remedy is, by the kind of labels. */
export const plainStrategy = { one: 'ce', many: 'binary-cross-entropy' } as const satisfies Record<
  TargetKind,
  StrategyName
>;

/** What is trained where nobody says what. */
export const defaultStrategy = { one: 'eos', many: 'asl-sigmoid' } as const satisfies Record<TargetKind, StrategyName>;

/** Of the registered strategies, aliases left out, those for rows of this kind and those that are not. */
export function strategiesFor(kind: TargetKind): { fitting: string[]; others: string[] } {
  const registered = Object.values<Pick<StrategyDefinition, 'name' | 'aliasOf' | 'targets'>>(strategies);
  const named = (fits: boolean) =>
    registered.flatMap(({ name, aliasOf, targets = 'one' }) =>
      aliasOf === undefined && (targets === kind) === fits ? [name] : [],
    );
  return { fitting: named(true), others: named(false) };
}

export interface TrainHeadOptions extends TrainOptions, DecisionOptions {
  /** A registered strategy or a definition of the caller's own; left out, the parts are those given, or the defaults. */
  readonly strategy?: StrategyName | (string & {}) | StrategyDefinition;
  /** Options of the strategy, those of its sampler among them. */
  readonly strategyOptions?: object;
}

/**
 * Trains a head on embeddings: a linear softmax classifier unless another is asked for.
 *
 * A strategy chooses loss, sampler and batch sampler; all strategies share schedule, rate and number of steps, so that they can be
 * compared. Parts may be given instead of a strategy: `sampler`, `loss`, …, by name, by `{ name, …options }` or as objects of one's own.
 *
 * With `calibration` or `decision`, both are then fitted on the validation rows, as `calibrate` does it.
 *
 * @param train (n, d) rows with the training brand, from `split(set).train` or `asTraining(set)`; or such rows on disk, from
 *   `store.onDisk`, for the same head, unless the strategy looks at all rows at once and says so. `validation` may be on disk, too.
 * @returns the head with `logits(x)` (n·C), `probabilities(x)`, `toModel()`, its settings and history.
 * @throws ERR_OPTION for an unknown or contradictory option, ERR_DATA for rows that cannot be trained on or a training that diverges.
 *
 * @example
 * const head = await trainHead(train, { strategy: 'eos', strategyOptions: { kNeighbors: 5 }, validation, seed: 0 });
 */
export async function trainHead(train: AnyTrainingSet, options: TrainHeadOptions = {}): Promise<TrainedHead> {
  const { calibration, decision, decisionRule, ...training } = options;
  const wanted = { calibration, decision, decisionRule };
  // Before the long work, not after it.
  checkDecision(train, wanted);
  const head = await trainedBy(train, training);
  if (!wantsDecision(wanted)) return head;
  const { validation, seed } = training;
  return calibrate(head, validation, { ...wanted, seed });
}

/** @throws ERR_OPTION for what cannot be fitted, or not for these rows. */
function checkDecision(train: AnyTrainingSet, wanted: DecisionOptions): void {
  resolveDecision('trainHead', wanted, targetKind(train));
}

async function trainedBy(
  train: AnyTrainingSet,
  options: Omit<TrainHeadOptions, keyof DecisionOptions>,
): Promise<TrainedHead> {
  const chosen = chooseParts(train, options);
  const { strategy: _, strategyOptions: __, ...rest } = options;
  if (chosen === undefined) return fitHead(train, rest);
  const { name, described, stages, finish } = chosen;
  return fitStages(train, rest, stages, { name, settings: described, ...(finish && { finish }) });
}

/** What the strategy makes of the rows; undefined without one. */
function chooseParts(
  train: AnyTrainingSet,
  { strategy, strategyOptions, ...rest }: Omit<TrainHeadOptions, keyof DecisionOptions>,
) {
  if (strategy === undefined) {
    if (strategyOptions !== undefined)
      throw new EquipoiseError('ERR_OPTION', 'trainHead.strategyOptions needs trainHead.strategy');
    return undefined;
  }
  assertTraining(train, 'trainHead');
  const definition = (
    typeof strategy === 'object' ? strategy : lookUp(strategies, 'strategy', strategy, 'strategies')
  ) as StrategyDefinition;
  assertTargets(definition, targetKind(train));
  const { rows, cols: dim } = shapeOf(train);
  const { classNames, classCounts, labels, parents } = train;
  const {
    options: resolved,
    stages,
    finish,
  } = resolveStrategy(
    definition,
    strategyOptions,
    {
      classNames,
      classCounts,
      labels,
      rows,
      dim,
      table: train.columns !== undefined,
      layered: isLayered(rest.head),
      ...(parents?.some((parent) => parent !== null) && { parents }),
    },
    rest,
  );
  const { name } = definition;
  return { name, described: { strategy: name, strategyOptions: resolved }, stages, finish };
}

/** Throws what `trainHead` would throw about the strategy, its options, the parts given beside it and what is fitted afterwards, without training. */
export function checkStrategy(train: AnyTrainingSet, options: TrainHeadOptions): void {
  const { calibration, decision, decisionRule, ...training } = options;
  checkDecision(train, { calibration, decision, decisionRule });
  chooseParts(train, training);
}

/** @throws ERR_OPTION for a strategy of rows with another number of labels than these have. */
export function assertTargets(
  { name, targets: wanted = 'one' }: Pick<StrategyDefinition, 'name' | 'targets'>,
  kind: TargetKind,
): void {
  if (wanted === kind) return;
  const words = { one: 'one label each', many: 'any number of labels' };
  throw new EquipoiseError(
    'ERR_OPTION',
    `Strategy ${name} is for rows with ${words[wanted]} but the training rows have ${words[kind]}. Strategies for these: ${strategiesFor(kind).fitting.join(', ')}`,
  );
}

export { defineStrategy, type StrategyContext, type StrategyDefinition, type StrategyParts } from './strategy.js';
