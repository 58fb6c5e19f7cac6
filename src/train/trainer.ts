/** Fits a head to the rows of a training set. */

import { assertTraining, needsMemory, shapeOf, withoutEmbeddings, type AnyTrainingSet } from '../core/embedding-set.js';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import { resolveOptions } from '../core/options.js';
import { createRng } from '../core/rng.js';
import { assertOneLabel, strataOf, targetKind } from '../core/targets.js';
import { createHead, type Parameter } from '../head/index.js';
import { defaultThreads, loadKernels, type Kernels } from '../kernels/index.js';
import { assertNeeds } from '../loss/index.js';
import { allFinite, batchLoss } from './batch-loss.js';
import { effectivePrior } from './effective-prior.js';
import { batchSource } from './batch-source.js';
import { batchSteps } from './batch-steps.js';
import { splitChoice } from './choice.js';
import { chooseParts } from './chosen-parts.js';
import { diverged, type RunEpoch, type Training } from './epoch.js';
import { holdOut } from './held-out.js';
import { kernelSteps } from './kernel-steps.js';
import { stoppingRules, trainRules, type TrainOptions } from './options.js';
import { copyParameters, keepParameters, namedParameters } from './parameters.js';
import { createPredictor } from './predictor.js';
import { layOutRows } from './rows.js';
import { createStretches } from './stretches.js';
import { describeEpoch, named, type EpochRecord, type FitExtras, type TrainedHead } from './trained-head.js';
import {
  checkClasses,
  checkValidation,
  meanSquaredNorm,
  normalizedWeights,
  scaled,
  scalerOf,
} from './training-data.js';
import { better, type ValidationScore } from './validation.js';
import { createVisits } from './visits.js';
import { wholeSetSteps } from './whole-set-steps.js';

/**
 * Steps that `epochs: 'auto'` aims at. Plain cross-entropy learns its rare classes last: on a 100:1 Fashion-MNIST its balanced
 * accuracy was 0.739 after 3,000 steps, 0.754 after 10,000 and 0.757 after 30,000, while balanced methods had settled by
 * 3,000. Fewer steps would flatter them.
 */
const autoSteps = 10_000;

/**
 * Fits a head to training rows by stochastic gradient descent.
 *
 * Synthetic rows of a sampler are made batch by batch from their recipes. With `standardize`, the scaler is fitted on the
 * original training rows, the sampler searches among the scaled rows, and the scaler becomes the first node of the head.
 * The same seed gives the same parameters on the same backend, whatever the threads, and whether the rows are in memory or on
 * disk; on another backend those within rounding (`learn` in src/kernels/kernels.ts states the tolerance).
 *
 * @param train (n, d) rows with the training brand; of rows on disk as many batches at a time are in memory as their `memoryBytes` hold.
 * @param extras what the result is called, further settings to record, a last touch to the parameters.
 * @throws ERR_OPTION for options, ERR_DATA for fewer than two classes or a training that diverges, ERR_ABORTED by the signal.
 */
export async function fitHead(
  train: AnyTrainingSet,
  options: TrainOptions = {},
  { name, settings: described, finish }: FitExtras = {},
): Promise<TrainedHead> {
  const o = resolveOptions('trainHead', trainRules, options);
  assertTraining(train, 'trainHead');
  const { signal, onProgress, seed, validation } = o;
  const kernels: Kernels = o.kernels ?? loadKernels();
  const threads = o.threads ?? defaultThreads();
  const { classNames, classCounts } = train;
  const classes = classNames.length;
  const kind = targetKind(train);
  checkClasses(train);
  if (o.earlyStopping && !validation)
    throw new EquipoiseError(
      'ERR_OPTION',
      'trainHead.earlyStopping needs trainHead.validation: rows that choose the epoch',
    );
  if (validation) checkValidation(validation, train);

  // What it is made of.
  const { rows, cols } = shapeOf(train);
  const stopping = resolveOptions('trainHead.earlyStopping', stoppingRules, o.earlyStopping);
  const weights = normalizedWeights(o.sampleWeights ?? train.weights, rows);
  const { loss, sampler, mixing, batchSampler, schedule, optimizer } = chooseParts(o, options, train);
  const { definition } = optimizer;
  const wholeSet = 'solve' in definition;

  // The rows, as the head sees them.
  const standardize = o.from ? o.from.scaler !== undefined : (o.standardize ?? train.columns !== undefined);
  const scaler = o.from ? o.from.scaler : standardize ? await scalerOf(train, standardize === 'center') : undefined;
  const seen = scaled(train, scaler);
  const set = 'rows' in seen ? withoutEmbeddings(seen, 'this training') : seen;
  const planned = async (draw: number) =>
    sampler?.plan(seen, {
      kernels,
      draw,
      ...(o.threads !== undefined && { threads: o.threads }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  const plan = await planned(0);
  throwIfAborted(signal, 'training');
  const table = layOutRows(set, plan, weights, kernels);
  const resampledRows = table.count;

  // The head, where it begins.
  const headChoice = splitChoice(o.head);
  const head = createHead(headChoice.name, { inputDim: cols, classes, seed, options: headChoice.options, kernels });
  if (o.from) copyParameters(o.from.head, head, namedParameters(head, o.restart ?? [], 'restart'));
  else if (head.start) {
    assertOneLabel(train, `head ${head.name}`, 'Choose another head, such as linear');
    head.start(set.embeddings.data, set.labels);
  }
  const moving = o.trainable ? namedParameters(head, o.trainable, 'trainable') : [...head.parameters.keys()];
  const held = validation && holdOut(validation, head, scaler);
  const given = {
    classCounts,
    trainingRows: rows,
    seed,
    ...(head.cosineScale !== undefined && { cosineScale: head.cosineScale }),
    ...(held && { recalls: held.recalls }),
  };
  assertNeeds(loss, { ...given, rowNorms: true });

  // How long, and how far a step.
  const epochRows = o.epochLength === 'original' && !wholeSet ? rows : resampledRows;
  const batchSize = wholeSet ? epochRows : Math.min(o.batchSize, epochRows);
  const stepsPerEpoch = Math.ceil(epochRows / batchSize);
  const epochs = o.epochs === 'auto' ? Math.min(200, Math.max(10, Math.ceil(autoSteps / stepsPerEpoch))) : o.epochs;
  const baseRate = o.rateFactor * (o.learningRate === 'auto' ? await autoRate() : o.learningRate);

  const training: Training = {
    head,
    moving,
    optimizer,
    loss,
    given,
    epochs,
    epochRows,
    batchSize,
    stepsPerEpoch,
    ...(head.random && { dropped: createRng(seed, 'dropout').cursor() }),
    stretches: createStretches(),
    kernels,
    threads,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const runEpoch = await chooseSteps();

  const settings = {
    ...described,
    seed,
    head: named(head),
    loss: named(loss),
    ...(kind === 'many' && { targets: kind }),
    sampler: named(sampler),
    mix: named(mixing?.mix),
    pairing: named(mixing?.pairing),
    batchSampler: wholeSet ? null : named(batchSampler),
    optimizer: named(optimizer),
    schedule: wholeSet ? null : named(schedule),
    learningRate: wholeSet ? null : baseRate,
    step: named(o.step),
    accumulate: o.accumulate,
    trainable: moving.map((p) => (head.parameters[p] as Parameter).name),
    warmStart: o.from !== undefined,
    epochs,
    batchSize,
    epochLength: o.epochLength,
    freshDraws: o.freshDraws,
    sampleWeights: weights !== undefined,
    standardize,
    earlyStopping: validation ? stopping : null,
    rows,
    resampledRows,
    classCounts: Object.fromEntries(classNames.map((className, c) => [className, classCounts[c] as number])),
    kernels: { backend: kernels.backend, isa: kernels.isa },
  };

  // Epoch after epoch.
  const visits = await createVisits({
    table,
    ...(o.freshDraws && {
      redraw: async (epoch: number) => layOutRows(set, await planned(epoch), weights, kernels),
    }),
    ...(!wholeSet && { batchSampler }),
    strata: strataOf(train),
    ...(mixing && { mixing }),
    classCounts,
    epochs,
    epochRows,
    seed,
    kernels,
    threads,
    ...(signal && { signal }),
  });
  const best = keepParameters(head);
  const history: EpochRecord[] = [];
  let bestEpoch = 0;
  let bestScore: ValidationScore | undefined;
  let prior: number[] | null = null;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const visited = await visits.of(epoch);
    const rate = baseRate * schedule.factor(epoch, epochs);
    const { loss: mean, converged } = await runEpoch(visited, { epoch, epochs, rate }, () =>
      visits.drawAhead(epoch + 1),
    );
    throwIfAborted(signal, 'training');
    // The loss tells of the parameters before a step: after the last one nothing else would.
    const broken = moving.map((p) => head.parameters[p] as Parameter).find(({ data }) => !allFinite(data));
    if (broken) throw diverged({ epoch, epochs, step: stepsPerEpoch - 1, rate }, `${broken.name} is no longer finite`);

    const validated = await held?.score();
    if (!validated || bestScore === undefined || better(validated, bestScore, stopping.metric)) {
      bestScore = validated;
      bestEpoch = epoch;
      if (validated) best.take();
      // Counted only where this epoch may be the one that is kept.
      if (!o.step && (validated || converged || epoch + 1 === epochs))
        prior = effectivePrior(visited.table, visited.order, loss, { classCounts, epoch, epochs });
    }
    const record = { epoch, loss: mean, learningRate: rate, ...(validated && { validation: validated }) };
    history.push(Object.freeze(record));
    const done = (epoch + 1) * stepsPerEpoch;
    onProgress?.({ stage: 'train', done, total: epochs * stepsPerEpoch, message: describeEpoch(record) });
    if (converged || (stopping.patience !== null && epoch - bestEpoch >= stopping.patience)) break;
  }
  if (held) best.restore();

  // What reworks the parameters afterwards, or makes gradients of its own, is about shares that nobody counted.
  const shares = finish ? null : prior;
  Object.assign(settings, {
    effectivePrior: shares && Object.fromEntries(classNames.map((className, c) => [className, shares[c] as number])),
  });
  if (finish)
    Object.assign(settings, {
      finish: await finish({ head, classCounts, ...(held && { judge: () => held.score() }) }),
    });

  const bundle = { head, classNames, targets: kind, settings, ...(scaler && { scaler }) };
  return Object.freeze({
    name: name ?? head.name,
    ...createPredictor(bundle),
    settings: Object.freeze(settings),
    history: Object.freeze(history),
    bestEpoch,
    ...(plan && {
      plan: {
        sampler: plan.sampler,
        options: plan.options,
        originalRows: plan.originalRows,
        perClass: plan.perClass,
        rows: resampledRows,
      },
    }),
  });

  /** What suits the optimizer for these rows. */
  async function autoRate(): Promise<number> {
    const squaredNorm = await meanSquaredNorm(seen);
    const rate = head.learningRate(squaredNorm);
    const own = 'learningRate' in definition ? definition.learningRate : undefined;
    return own?.({ rate, meanSquaredNorm: squaredNorm }) ?? rate;
  }

  /** All rows at once, the kernel's steps where they are the same, or those of the parts. */
  async function chooseSteps(): Promise<RunEpoch> {
    if (wholeSet) return wholeSetSteps(training);
    const fast = o.step || o.accumulate > 1 ? undefined : kernelSteps(training);
    if (fast) return fast;
    const gradients = head.parameters.map((parameter) => new Float32Array(parameter.data.length));
    const evaluate = batchLoss(training, gradients);
    if (o.step && 'rows' in seen) throw needsMemory(`steps of ${o.step.name}`, seen);
    const step = await o.step?.prepare({
      set: weights ? { ...set, weights } : set,
      head,
      gradients,
      loss,
      batchSize,
      epochs,
      learningRate: baseRate,
      rng: createRng(seed, `step/${o.step.name}`),
      kernels,
      ...(signal && { signal }),
      evaluate,
      batches: batchSource({ set, weights, kernels, seed, signal }),
    });
    return batchSteps(training, { gradients, evaluate, ...(step && { step }), accumulate: o.accumulate });
  }
}
