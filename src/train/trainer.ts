/** Fits a head to the rows of a training set. */

import { assertTraining, type EmbeddingSet, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { dense, matrix } from '../core/matrix.js';
import { resolveOptions } from '../core/options.js';
import type { ResamplingPlan } from '../core/plan.js';
import { lookUp } from '../core/registry.js';
import { createRng } from '../core/rng.js';
import { assertOneLabel, targetKind } from '../core/targets.js';
import { applyScaler, createHead, fitScaler, type Head, type Parameter, type Scaler } from '../head/index.js';
import { defaultThreads, loadKernels, type Kernels } from '../kernels/index.js';
import { assertNeeds, assertTargets, createLoss, defaultLoss, type Loss } from '../loss/index.js';
import { createMix, type Mix } from '../mix/index.js';
import { createSampler, samplers, type Sampler } from '../sampler/index.js';
import type { FillOrder } from './batch-sampler.js';
import { effectivePrior } from './effective-prior.js';
import { resolveBatchSampler } from './batch-samplers.js';
import { splitChoice, type Choice } from './choice.js';
import { resolveOptimizer, type ResolvedOptimizer } from './optimizers.js';
import { stoppingRules, trainRules, type LossChoice, type TrainOptions } from './options.js';
import { resolvePairing } from './pairings.js';
import { createPredictor, type Predictor } from './predictor.js';
import { Batch, layOutRows, mixRows } from './rows.js';
import { createSchedule } from './schedule.js';
import type { StepContext, StepPlace } from './step-method.js';
import { better, score, scoreMany, type ValidationScore } from './validation.js';

export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the rows visited. */
  readonly loss: number;
  readonly learningRate: number;
  readonly validation?: ValidationScore;
}

export interface TrainedHead extends Predictor {
  readonly name: string;
  /** Everything needed to say what was done, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly history: readonly EpochRecord[];
  /** The epoch whose parameters these are. */
  readonly bestEpoch: number;
  /** What the sampler did to each class, where there was one. */
  readonly plan?: Pick<ResamplingPlan, 'sampler' | 'options' | 'originalRows' | 'perClass'> & { readonly rows: number };
}

/** Long enough to be no burden, short enough that timers and signals of the caller's program stay lively. */
const yieldEveryMs = 15;

function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) =>
    typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve, 0),
  );
}

/**
 * Steps that `epochs: 'auto'` aims at. Plain cross-entropy learns its rare classes last: on a 100:1 Fashion-MNIST its balanced
 * accuracy was 0.739 after 3,000 steps, 0.754 after 10,000 and 0.757 after 30,000, while balanced methods had settled by
 * 3,000. Fewer steps would flatter them.
 */
const autoSteps = 10_000;

/** Of at most 4,096 rows spread over the set: it sets a rate, whose second digit does not matter. */
function meanSquaredNorm(data: Float32Array, rows: number, cols: number): number {
  const stride = Math.ceil(rows / 4096);
  let sum = 0;
  let counted = 0;
  for (let row = 0; row < rows; row += stride, counted++)
    for (let i = row * cols; i < (row + 1) * cols; i++) sum += (data[i] as number) * (data[i] as number);
  return sum / counted;
}

function scaled(set: EmbeddingSet, scaler: Scaler | undefined): Float32Array {
  const x = dense(set.embeddings);
  if (scaler === undefined) return x.data;
  const out = new Float32Array(x.data.length);
  applyScaler(scaler, x, out);
  return out;
}

function chooseLoss(choice: LossChoice): Loss {
  if (typeof choice === 'function') return { name: choice.name || 'own', options: {}, evaluate: choice };
  if (typeof choice === 'object' && typeof choice['evaluate'] === 'function') return choice as Loss;
  const { name, options } = splitChoice(choice as Choice);
  return createLoss(name, options);
}

/** A sampler by name that draws takes the seed of the training unless it is given its own. */
function chooseSampler(choice: Choice | Sampler | null, seed: number): Sampler | undefined {
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

/** Weights of mean 1, so that the learning rate means the same whatever their unit. */
function normalizedWeights(given: ArrayLike<number> | undefined, rows: number): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (given.length !== rows)
    throw new EquipoiseError('ERR_SHAPE', `sampleWeights has ${given.length} entries but embeddings has ${rows} rows`);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const weight = given[i] as number;
    if (!Number.isFinite(weight) || weight < 0)
      throw new EquipoiseError('ERR_DATA', `Expected a finite weight >= 0 for row ${i} but received ${weight}`);
    sum += weight;
  }
  if (sum === 0) throw new EquipoiseError('ERR_DATA', 'Expected some sampleWeights above 0 but all are 0');
  return Float32Array.from({ length: rows }, (_, i) => ((given[i] as number) * rows) / sum);
}

function checkValidation(validation: EmbeddingSet, train: TrainingSet): void {
  const [rows = 0, cols] = validation.embeddings.shape;
  if (rows === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected validation rows but received none. Leave validation out to keep the last epoch',
    );
  if (cols !== train.embeddings.shape[1])
    throw new EquipoiseError(
      'ERR_SHAPE',
      `validation has ${cols} columns but the training set has ${train.embeddings.shape[1]}`,
    );
  if (validation.classNames.join('\n') !== train.classNames.join('\n'))
    throw new EquipoiseError(
      'ERR_DATA',
      'validation and training set have different class tables. Split them from one set',
    );
  if (validation.targets && !isLearnable(validation))
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected validation rows with and without some class but every class has all of them or none. Keep more rows for validation',
    );
  if (targetKind(validation) !== targetKind(train))
    throw new EquipoiseError(
      'ERR_DATA',
      'Rows of one of validation and training set have one label each, those of the other any number. Split them from one set',
    );
}

/** Whether there is something to tell apart: two classes, or rows with and rows without one of them. */
function isLearnable({ classCounts, targets, labels }: EmbeddingSet): boolean {
  const present = classCounts.filter((count) => count > 0);
  return targets ? present.some((count) => count < labels.length) : present.length >= 2;
}

const inOrder: FillOrder = (out) => out.forEach((_, i) => (out[i] = i));

function diverged({ epoch, step, rate }: StepPlace, why: string, cause?: unknown): EquipoiseError {
  return new EquipoiseError(
    'ERR_DATA',
    `Training diverged in step ${step} of epoch ${epoch}, at learning rate ${rate}: ${why}. Lower learningRate (or leave it 'auto'), or set standardize: true`,
    { cause },
  );
}

function addTo(sums: readonly Float32Array[], terms: readonly Float32Array[], factor: number): void {
  sums.forEach((sum, p) => {
    const term = terms[p] as Float32Array;
    for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + factor * (term[j] as number);
  });
}

/** Bounds the memory that layers below the last one take. */
function forwardInChunks(head: Head, x: Float32Array, logits: Float32Array): void {
  const { inputDim, classes } = head;
  const rows = logits.length / classes;
  for (let start = 0; start < rows; start += 1024) {
    const end = Math.min(rows, start + 1024);
    head.forward(
      x.subarray(start * inputDim, end * inputDim),
      end - start,
      logits.subarray(start * classes, end * classes),
    );
  }
}

/** Positions of the named parameters. @throws ERR_OPTION */
function namedParameters(head: Head, given: readonly string[] | 'classifier', option: string): number[] {
  const names = given === 'classifier' ? head.classifier : given;
  const known = head.parameters.map(({ name }) => name);
  return names.map((name) => {
    const position = known.indexOf(name);
    if (position < 0)
      throw expected(`parameters of head ${head.name} (${known.join(', ')})`, `trainHead.${option}`, name);
    return position;
  });
}

function copyParameters(from: Head, to: Head, except: readonly number[]): void {
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

/** Options that the optimizer's way of stepping leaves nothing to do for. */
function refuseContradictions(given: TrainOptions, { name, definition, options }: ResolvedOptimizer): void {
  const refuse = (option: string, why: string) => {
    throw new EquipoiseError('ERR_OPTION', `trainHead.${option} cannot be given with optimizer ${name}: ${why}`);
  };
  const isGiven = (option: keyof TrainOptions) => given[option] !== undefined && given[option] !== null;
  if (definition.wholeSet)
    for (const option of [
      'batchSize',
      'schedule',
      'learningRate',
      'rateFactor',
      'batchSampler',
      'epochLength',
    ] as const)
      if (isGiven(option) && given[option] !== 'auto')
        refuse(option, 'it takes all rows at once and finds the length of its steps');
  if (definition.wholeSet && isGiven('mix')) refuse('mix', 'it needs the same rows in every step');
  if (definition.wholeSet && given.freshDraws) refuse('freshDraws', 'it needs the same rows in every step');
  if (definition.looksAhead && isGiven('step'))
    refuse('step', 'it evaluates batches at other parameters, as the method does');
  if (definition.looksAhead && (given.accumulate ?? 1) > 1)
    refuse('accumulate', 'it evaluates one batch at several parameters');
  const why = definition.needsValidation?.(options);
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

function snapshot(head: Head, into: Float32Array[]): void {
  head.parameters.forEach(({ data }, p) => into[p]?.set(data));
}

/** A trained head as `finish` sees it. */
export interface FinishContext {
  /** Its parameters may be changed in place. */
  readonly head: Head;
  readonly classCounts: Int32Array;
  /** Scores the head, as it is at the time, on the validation rows, where there are some. */
  readonly judge?: () => ValidationScore;
}

export interface FitExtras {
  readonly name?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called once after the last step; returns what it did, as JSON for the settings. */
  readonly finish?: (context: FinishContext) => unknown;
}

/**
 * Fits a head to training rows by stochastic gradient descent.
 *
 * Synthetic rows of a sampler are made batch by batch from their recipes. With `standardize`, the scaler is fitted on the
 * original training rows, the sampler searches among the scaled rows, and the scaler becomes the first node of the head.
 * The same seed gives the same parameters on the same backend, whatever the threads.
 *
 * @param train (n, d) rows with the training brand.
 * @param extras what the result is called, further settings to record, a last touch to the parameters.
 * @throws ERR_OPTION for options, ERR_DATA for fewer than two classes or a training that diverges, ERR_ABORTED by the signal.
 */
export async function fitHead(
  train: TrainingSet,
  options: TrainOptions = {},
  { name, settings: described, finish }: FitExtras = {},
): Promise<TrainedHead> {
  const o = resolveOptions('trainHead', trainRules, options);
  assertTraining(train, 'trainHead');
  const { signal, onProgress, seed, validation } = o;
  const kernels: Kernels = o.kernels ?? loadKernels();
  const original = dense(train.embeddings);
  const { rows, cols } = original;
  const classes = train.classNames.length;
  const kind = targetKind(train);
  if (!isLearnable(train))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected training rows of at least two classes but received ${rows} rows of ${train.classNames.filter((_, c) => (train.classCounts[c] ?? 0) > 0).join(', ') || 'no class'}`,
    );
  if (o.earlyStopping && !validation)
    throw new EquipoiseError(
      'ERR_OPTION',
      'trainHead.earlyStopping needs trainHead.validation: rows that choose the epoch',
    );
  if (validation) checkValidation(validation, train);
  const stopping = resolveOptions('trainHead.earlyStopping', stoppingRules, o.earlyStopping);
  const weights = normalizedWeights(o.sampleWeights ?? train.weights, rows);
  const loss = chooseLoss(options.loss ?? defaultLoss[kind]);
  assertTargets(loss, kind);
  const sampler = chooseSampler(o.sampler, seed);
  const mix = chooseMix(o.mix);
  if (mix) assertOneLabel(train, `mix ${mix.name}`, 'Leave trainHead.mix out');
  if (!mix && o.pairing !== null) throw new EquipoiseError('ERR_OPTION', 'trainHead.pairing needs trainHead.mix');
  const pairing = mix && resolvePairing(o.pairing ?? 'random');
  const batchSampler = resolveBatchSampler(o.batchSampler);
  const schedule = createSchedule(o.schedule);
  const optimizer = resolveOptimizer(o.optimizer);
  const { wholeSet = false } = optimizer.definition;
  refuseContradictions(options, optimizer);

  const standardize = o.from ? o.from.scaler !== undefined : (o.standardize ?? train.columns !== undefined);
  const scaler = o.from
    ? o.from.scaler
    : standardize
      ? fitScaler(original, { centerOnly: standardize === 'center' })
      : undefined;
  const data = scaled(train, scaler);
  const set: TrainingSet = scaler ? { ...train, embeddings: matrix(data, rows, cols) } : train;

  const planned = async (draw: number) =>
    sampler?.plan(set, {
      kernels,
      draw,
      ...(o.threads !== undefined && { threads: o.threads }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  const plan = await planned(0);
  throwIfAborted(signal, 'training');
  let pool = layOutRows(set, plan, weights, kernels);
  const resampledRows = pool.count;

  const headChoice = splitChoice(o.head);
  const head = createHead(headChoice.name, { inputDim: cols, classes, seed, options: headChoice.options, kernels });
  if (o.from) copyParameters(o.from.head, head, namedParameters(head, o.restart ?? [], 'restart'));
  else if (head.start) {
    assertOneLabel(train, `head ${head.name}`, 'Choose another head, such as linear');
    head.start(data, set.labels);
  }
  const gradients = head.parameters.map((parameter) => new Float32Array(parameter.data.length));
  const best = head.parameters.map((parameter) => parameter.data.slice());
  const moving = o.trainable ? namedParameters(head, o.trainable, 'trainable') : [...head.parameters.keys()];
  const movingGradients = moving.map((p) => gradients[p] as Float32Array);
  const optimize = optimizer.definition.create(
    moving.map((p) => (head.parameters[p] as Parameter).data),
    optimizer.options,
    kernels,
  );
  const baseRate = o.rateFactor * (o.learningRate === 'auto' ? autoRate() : o.learningRate);

  const epochRows = o.epochLength === 'original' && !wholeSet ? rows : resampledRows;
  const batchSize = wholeSet ? epochRows : Math.min(o.batchSize, epochRows);
  const stepsPerEpoch = Math.ceil(epochRows / batchSize);
  const epochs = o.epochs === 'auto' ? Math.min(200, Math.max(10, Math.ceil(autoSteps / stepsPerEpoch))) : o.epochs;
  const full = new Batch(batchSize, cols, classes);
  const tailRows = epochRows - (stepsPerEpoch - 1) * batchSize;
  const tail = tailRows === batchSize ? full : new Batch(tailRows, cols, classes);
  const order = new Int32Array(epochRows);
  // Rows without a label, where rows have any number of them, are visited as a class of their own.
  const strata = kind === 'many' ? classes + 1 : classes;
  const orderRng = createRng(seed, `batches/${batchSampler.name}`);
  const fillOrder = (draw: number): FillOrder =>
    wholeSet
      ? inOrder
      : batchSampler.create({
          labels: pool.label,
          classes: strata,
          rng: o.freshDraws ? orderRng.substream(draw) : orderRng,
        });
  let fill = fillOrder(0);
  const threads = o.threads ?? defaultThreads();
  const findPartners = () => pairing?.create({ table: pool, classes, kernels, threads, ...(signal && { signal }) });
  let partners = await findPartners();
  let table = pool;
  const mixRng = createRng(seed, 'mix');
  const held = validation && {
    x: scaled(validation, scaler),
    labels: validation.labels,
    targets: validation.targets,
    logits: new Float32Array(validation.labels.length * classes),
    recalls: new Float64Array(classes),
  };
  const judge =
    held &&
    (() => {
      forwardInChunks(head, held.x, held.logits);
      return held.targets
        ? scoreMany(held.logits, held.targets, classes, held.recalls)
        : score(held.logits, held.labels, classes, held.recalls);
    });
  const given = {
    ...(head.cosineScale !== undefined && { cosineScale: head.cosineScale }),
    ...(held && { recalls: held.recalls }),
    trainingRows: rows,
  };
  assertNeeds(loss, { ...given, rowNorms: true });

  const settings = {
    ...described,
    seed,
    head: { name: head.name, ...head.options },
    loss: { name: loss.name, ...loss.options },
    ...(kind === 'many' && { targets: kind }),
    sampler: sampler ? { name: sampler.name, ...sampler.options } : null,
    mix: mix ? { name: mix.name, ...mix.options } : null,
    pairing: pairing ? { name: pairing.name, ...pairing.options } : null,
    batchSampler: wholeSet ? null : { name: batchSampler.name, ...batchSampler.options },
    optimizer: { name: optimizer.name, ...optimizer.options },
    schedule: wholeSet ? null : { name: schedule.name, ...schedule.options },
    learningRate: wholeSet ? null : baseRate,
    step: o.step ? { name: o.step.name, ...o.step.options } : null,
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
    classCounts: Object.fromEntries(
      train.classNames.map((className, c) => [className, train.classCounts[c] as number]),
    ),
    kernels: { backend: kernels.backend, isa: kernels.isa },
  };

  const dropped = head.random ? createRng(seed, 'dropout').cursor() : undefined;
  const stepContext: StepContext = {
    set: weights ? { ...set, weights } : set,
    head,
    gradients,
    loss,
    batchSize,
    epochs,
    learningRate: baseRate,
    rng: createRng(seed, `step/${o.step?.name}`),
    kernels,
    ...(signal && { signal }),
    evaluate,
    async batches({ name: source, rows: sourceRows, sampler: choice = null, batchSampler: order = 'instance' }) {
      const made = chooseSampler(choice, seed);
      const rowsMade = layOutRows(set, await made?.plan(set, { kernels, ...(signal && { signal }) }), weights, kernels);
      const next = new Batch(sourceRows, cols, classes);
      const visits = new Int32Array(sourceRows);
      const sampling = resolveBatchSampler(order);
      const rng = createRng(seed, `batches/${source}/${sampling.name}`);
      const draw = sampling.create({ labels: rowsMade.label, classes: strata, rng });
      let epoch = 0;
      return () => {
        draw(visits, epoch++, 1);
        next.load(rowsMade, visits, 0, kernels);
        return next;
      };
    },
  };
  const gradientsOf = o.step ? await o.step.prepare(stepContext) : evaluate;
  const sums = o.accumulate > 1 ? movingGradients.map(({ length }) => new Float32Array(length)) : undefined;
  let gathered = 0;
  let known: number | undefined;
  let converged = false;

  const history: EpochRecord[] = [];
  let bestEpoch = 0;
  let bestScore: ValidationScore | undefined;
  let prior: number[] | null = null;
  let lastYield = performance.now();
  const total = epochs * stepsPerEpoch;
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (o.freshDraws && epoch > 0) {
      pool = layOutRows(set, await planned(epoch), weights, kernels);
      fill = fillOrder(epoch);
      partners = await findPartners();
    }
    fill(order, epoch, epochs);
    table = pool;
    if (mix && partners) {
      table = mixRows(pool, order, mix, partners, train.classCounts, mixRng.at(epoch));
      order.forEach((_, i) => (order[i] = i));
    }
    const rate = baseRate * schedule.factor(epoch, epochs);
    let lossSum = 0;
    for (let step = 0; step < stepsPerEpoch; step++) {
      const batch = step === stepsPerEpoch - 1 ? tail : full;
      if (!wholeSet || epoch === 0) batch.load(table, order, step * batchSize, kernels);
      const place = { epoch, epochs, step, rate };
      dropped?.seek(epoch * stepsPerEpoch + step);
      const value = known ?? gradientsOf(batch, place);
      if (!Number.isFinite(value)) throw diverged(place, `the loss is ${value}`);
      if (sums) {
        gathered++;
        addTo(sums, movingGradients, 1);
      }
      if (!sums || gathered === o.accumulate || epoch * stepsPerEpoch + step + 1 === total) {
        if (sums) {
          movingGradients.forEach((gradient) => gradient.fill(0));
          addTo(movingGradients, sums, 1 / gathered);
          sums.forEach((sum) => sum.fill(0));
          gathered = 0;
        }
        const outcome = optimize(movingGradients, rate, {
          value,
          evaluate(other) {
            dropped?.seek(epoch * stepsPerEpoch + step);
            return evaluate(batch, place, other && { loss: other });
          },
        });
        // Only what sees the same rows again may go on from what it found.
        if (wholeSet && outcome) ({ value: known, converged } = outcome);
      }
      lossSum += value * batch.rows;
      if (performance.now() - lastYield < yieldEveryMs) continue;
      onProgress?.({ stage: 'train', done: epoch * stepsPerEpoch + step + 1, total });
      await yieldToEventLoop();
      throwIfAborted(signal, 'training');
      lastYield = performance.now();
    }
    const validated = judge?.();
    if (!validated || bestScore === undefined || better(validated, bestScore, stopping.metric)) {
      bestScore = validated;
      bestEpoch = epoch;
      if (!o.step) prior = effectivePrior(table, order, loss, { classCounts: train.classCounts, epoch, epochs });
      if (judge) snapshot(head, best);
    }
    const record = {
      epoch,
      loss: lossSum / epochRows,
      learningRate: rate,
      ...(validated && { validation: validated }),
    };
    history.push(Object.freeze(record));
    onProgress?.({ stage: 'train', done: (epoch + 1) * stepsPerEpoch, total, message: describe(record) });
    if (converged || (stopping.patience !== null && epoch - bestEpoch >= stopping.patience)) break;
  }
  if (held) head.parameters.forEach(({ data: values }, p) => values.set(best[p] as Float32Array));

  // What reworks the parameters afterwards, or makes gradients of its own, is about shares that nobody counted.
  const shares = finish ? null : prior;
  Object.assign(settings, {
    effectivePrior:
      shares && Object.fromEntries(train.classNames.map((className, c) => [className, shares[c] as number])),
  });
  if (finish)
    Object.assign(settings, {
      finish: finish({ head, classCounts: train.classCounts, ...(judge && { judge }) }),
    });

  /** What suits the optimizer for these rows. */
  function autoRate(): number {
    const squaredNorm = meanSquaredNorm(data, rows, cols);
    const rate = head.learningRate(squaredNorm);
    return optimizer.definition.learningRate?.({ rate, meanSquaredNorm: squaredNorm }) ?? rate;
  }

  /** The loss of one batch at the present parameters; the gradients land in `gradients`. */
  function evaluate(
    batch: Batch,
    place: StepPlace,
    { loss: used = loss, sampleWeights }: { loss?: Loss; sampleWeights?: Float32Array } = {},
  ): number {
    head.forward(batch.x, batch.rows, batch.logits, dropped);
    const factors = sampleWeights ?? (batch.weighted ? batch.sampleWeights : undefined);
    let value = NaN;
    let cause: unknown;
    try {
      value = used.evaluate(
        {
          logits: batch.logits,
          labels: batch.labels,
          ...(batch.targets && { targets: batch.targets }),
          ...(batch.soft && { otherLabels: batch.otherLabels, labelWeights: batch.labelWeights }),
          ...(factors && { sampleWeights: factors }),
          rows: batch.rows,
          classes,
          classCounts: train.classCounts,
          epoch: place.epoch,
          epochs,
          step: place.epoch * stepsPerEpoch + place.step,
          seed,
          ...given,
          ...(used.needs?.includes('rowNorms') && { rowNorms: batch.rowNorms() }),
        },
        batch.gradient,
      );
    } catch (error) {
      if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
      cause = error;
    }
    // A line search may try a step that is far too long, and then shortens it.
    if (!Number.isFinite(value) && !wholeSet)
      throw diverged(place, cause instanceof Error ? cause.message : `the loss is ${value}`, cause);
    head.backward(batch.x, batch.rows, batch.gradient, gradients);
    return value;
  }

  const bundle = { head, classNames: train.classNames, targets: kind, settings, ...(scaler && { scaler }) };
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
}

function describe({ epoch, loss, validation }: EpochRecord): string {
  const held = validation ? `, validation balanced accuracy ${validation.balancedAccuracy.toFixed(4)}` : '';
  return `epoch ${epoch + 1}: loss ${loss.toFixed(4)}${held}`;
}
