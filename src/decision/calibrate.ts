/** Fits calibration and decision rule to a trained head, on rows that were held out. */

import { isResampled, partOf, type AnySet, type DiskSet, type EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { choice, custom, integer, resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { assertOneLabel, type TargetKind } from '../core/targets.js';
import { applyCalibration, decideClasses, type Calibration, type Decision, type HeadBundle } from '../head/index.js';
import {
  evaluatePredictions,
  labelsAs,
  logitsOf,
  metrics,
  type ConfusionMatrix,
  type Evaluation,
  type Metric,
  type MetricContext,
} from '../metric/index.js';
import { choiceRule, createPredictor, splitChoice, type Choice, type Predictor } from '../train/index.js';
import type { CalibrationContext, CalibrationDefinition, FittedCalibration, HeldRows } from './calibration.js';
import { calibrations } from './calibrations.js';
import { decisionRules } from './decision-rules.js';
import { honestGain, type HonestGain } from './honest-gain.js';
import { labelMetric, tuneThresholds } from './many-labels.js';
import { trialOf } from './rule.js';
import { Tally } from './tally.js';

export interface DecisionOptions {
  /** One, or several one after the other; `none` by default. */
  readonly calibration?: 'none' | Choice | readonly Choice[] | undefined;
  /** A metric that the decisions are to make large; `argmax`, the default, names the most probable class. */
  readonly decision?: string | undefined;
  /** `thresholds` by default. */
  readonly decisionRule?: string | undefined;
}

export interface CalibrateOptions extends DecisionOptions {
  /** Of the folds and the bootstrap by which a decision rule is judged. */
  readonly seed?: number | undefined;
}

/** How good probabilities and decisions are on the rows that they were fitted on. */
export type Judged = Pick<
  Evaluation,
  'logLoss' | 'brierScore' | 'expectedCalibrationError' | 'adaptiveCalibrationError'
>;

/** The `fit` of a `Decision`. */
export interface DecisionFit {
  /** Held-out rows; 0 where none were needed. */
  readonly rows: number;
  readonly calibration: readonly Readonly<Record<string, unknown>>[];
  readonly before: Judged | null;
  readonly after: Judged | null;
  readonly decision:
    | (Readonly<Record<string, unknown>> & {
        readonly metric: string;
        readonly rule: string;
        /** On the rows that it was fitted on, which flatters it; `crossValidated` does not. */
        readonly before: number;
        readonly after: number;
        readonly crossValidated: HonestGain;
      })
    | null;
}

/** Metrics that decisions can be tuned for: those of the whole confusion matrix, of which more is better. */
export const decisionMetrics = Object.entries<Metric>(metrics)
  .filter(
    ([, { ofProbabilities, ranks, ofSomeClasses, higherIsBetter }]) =>
      !ofProbabilities && !ranks && !ofSomeClasses && higherIsBetter,
  )
  .map(([name]) => name);

const single = choiceRule<Choice>('calibration', null, 'none', '');

export const decisionOptions = {
  calibration: custom<'none' | Choice | readonly Choice[]>({
    accepts: `none, or of ${Object.keys(calibrations).join(', ')} one name, { name, …options }, or an array of these`,
    default: 'none',
    help: 'makes probabilities mean what they say, on the validation rows; several: each on what the one before made; none: as training left them',
    // A text with commas is a list of names, which the command line reads as such.
    check: (value) =>
      Array.isArray(value)
        ? value.length > 0 && value.every(single.check)
        : single.check(value) && !(typeof value === 'string' && value.includes(',')),
  }),
  decision: choice({
    of: ['argmax', ...decisionMetrics],
    default: 'argmax',
    help: 'metric that decisions are tuned for on the validation rows; argmax: the most probable class, or the classes above one half where rows have any number of labels, for which macro-f1 and balanced-accuracy tune a threshold a class; a metric needs dozens of such rows of every class, with few the rule fits their noise',
  }),
  decisionRule: custom<string | undefined>({
    accepts: `one of ${Object.keys(decisionRules).join(', ')}`,
    default: undefined,
    help: `what is tuned for that metric; thresholds (default): one a class; adjusted-logits: one number for all classes, for few rows`,
    check: (value) => typeof value === 'string',
  }),
};

export const calibrateOptions = {
  ...decisionOptions,
  seed: integer({ min: 0, default: 0, help: 'of the folds and the bootstrap by which a decision rule is judged' }),
};

/** Whether anything is to be fitted. */
export const wantsDecision = ({ calibration = 'none', decision = 'argmax', decisionRule }: DecisionOptions): boolean =>
  calibration !== 'none' || decision !== 'argmax' || decisionRule !== undefined;

/**
 * Checks options before the training whose head they are for, of rows with one label each or any number of them.
 * @throws ERR_OPTION
 */
export function resolveDecision(owner: string, options: DecisionOptions, targets: TargetKind = 'one') {
  const { calibration, decision, decisionRule } = resolveOptions(owner, decisionOptions, options);
  const list =
    calibration === 'none' ? [] : Array.isArray(calibration) ? (calibration as Choice[]) : [calibration as Choice];
  const steps = list.map((wanted) => {
    const { name, options: given } = splitChoice(wanted);
    const definition = lookUp(calibrations, 'calibration', name) as CalibrationDefinition;
    return { definition, options: resolveOptions(name, definition.options, given) };
  });
  if (decision === 'argmax' && decisionRule !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${owner}.decisionRule needs a metric to tune for. Give ${owner}.decision, one of ${decisionMetrics.join(', ')}`,
    );
  const rule =
    decision === 'argmax'
      ? null
      : lookUp(decisionRules, 'decision rule', decisionRule ?? 'thresholds', 'decision rules');
  const metric = decision === 'argmax' ? null : decision;
  if (targets === 'many' && wantsDecision(options))
    labelMetric(owner, { metric, calibrated: list.length > 0, rule: decisionRule });
  return { steps, metric, rule };
}

type Described = Predictor & { readonly settings?: unknown };

/** What the head consists of as training left it. */
function bundleOf({ head, scaler, classNames, targets, settings }: Described): HeadBundle {
  return { head, classNames, targets, ...(scaler && { scaler }), ...(settings !== undefined && { settings }) };
}

/** What is known of the training, where the head tells. */
function priorsOf(head: Described) {
  const settings = (head.settings ?? {}) as {
    classCounts?: Record<string, number>;
    effectivePrior?: Record<string, number> | null;
  };
  const inOrder = (values: Record<string, number> | null | undefined) =>
    values && head.classNames.every((name) => Number.isFinite(values[name]))
      ? head.classNames.map((name) => values[name] as number)
      : undefined;
  return { classCounts: inOrder(settings.classCounts), effectivePrior: inOrder(settings.effectivePrior) };
}

/** @throws ERR_DATA for rows that are no held-out ones. */
function assertHeldOut(set: AnySet): void {
  const part = partOf(set);
  if (isResampled(set) || part === 'train' || part === 'test')
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected held-out rows to calibrate on but received ${part === 'test' ? 'the test part, which is for judging' : part === 'train' ? 'the training part, on which the head is surer than it may be' : 'a resampled set'}. Pass split(set).validation`,
    );
  if (set.labels.length === 0)
    throw new EquipoiseError('ERR_DATA', 'Expected held-out rows to calibrate on but the set has none');
}

/** The labels of rows that may be fitted on, as the head knows them. */
function heldLabels(head: Predictor, set: AnySet): Int32Array {
  assertHeldOut(set);
  assertOneLabel(
    set,
    'a head of rows with one label each',
    'Train one with a strategy for rows with any number of labels',
  );
  return labelsAs(head.classNames, set, 'to calibrate on');
}

/** Scale and shift of one calibration after another, as one. */
function compose({ scale, shift }: Calibration, next: FittedCalibration): Calibration {
  const scaleOf = (c: number) => (typeof next.scale === 'number' ? next.scale : (next.scale?.[c] ?? 1));
  return {
    scale: scale.map((s, c) => s * scaleOf(c)),
    shift: shift.map((t, c) => t * scaleOf(c) + (next.shift?.[c] ?? 0)),
  };
}

function calibrated(held: HeldRows, calibration: Calibration): HeldRows {
  const logits = held.logits.slice();
  applyCalibration(calibration, logits);
  return { ...held, logits };
}

/** Metrics that decisions can be tuned for look at the confusion matrix alone. */
const noOutcomes: MetricContext['outcomes'] = {
  truth: new Int32Array(0),
  predicted: new Int32Array(0),
  logTruth: new Float64Array(0),
  confidence: new Float64Array(0),
  squaredError: new Float64Array(0),
};

/** The metric as a function of a confusion matrix. @throws ERR_DATA where it has no value. */
function valueOf(name: string, trainCounts: readonly number[] | undefined): (confusion: ConfusionMatrix) => number {
  const metric: Metric = lookUp(metrics, 'metric', name);
  const context: MetricContext = { outcomes: noOutcomes, ...(trainCounts && { trainCounts }) };
  return (confusion) => {
    const value = metric.compute(confusion, context);
    if (value === null)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a metric that has a value on the held-out rows for decision but ${name} has none there. Choose another`,
      );
    return value;
  };
}

/**
 * Gives a trained head calibrated probabilities and a decision rule, both fitted on held-out rows; the head itself is not changed,
 * and what was fitted to it before is left out. Both travel inside the exported file, as nodes of its graph.
 *
 * @param head from `trainHead` or `headFromModel`.
 * @param set rows that were held out, such as `split(set).validation`; may be left out where nothing is fitted to rows.
 * @returns the same head with the new `decision`; its `fit` says what was found and what it changed. For rows on disk a promise of it.
 * @throws ERR_DATA for training, test or resampled rows, ERR_OPTION for options, or without rows where they are needed.
 *
 * @example
 * const sure = calibrate(head, validation, { calibration: 'temperature', decision: 'macro-f1' });
 */
export function calibrate<H extends Described>(head: H, set: EmbeddingSet | undefined, options: CalibrateOptions): H;
export function calibrate<H extends Described>(head: H, set: DiskSet, options: CalibrateOptions): Promise<H>;
export function calibrate<H extends Described>(
  head: H,
  set: AnySet | undefined,
  options: CalibrateOptions,
): H | Promise<H>;
export function calibrate<H extends Described>(
  head: H,
  set: AnySet | undefined,
  options: CalibrateOptions,
): H | Promise<H> {
  const { seed, ...given } = resolveOptions('calibrate', calibrateOptions, options);
  if (head.targets === 'many') return withThresholds(head, set, given, seed);
  const { steps, metric, rule } = resolveDecision('calibrate', given);
  if (!set && (rule || steps.some(({ definition }) => definition.needsRows)))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected held-out rows for ${rule ? `decision ${metric}` : `calibration ${steps.find(({ definition }) => definition.needsRows)?.definition.name}`} but received none. Give validation rows`,
    );

  const wanted = { steps, metric, rule, seed };
  if (!set) return fitDecision(head, undefined, wanted);
  const labels = heldLabels(head, set);
  const trained = createPredictor(bundleOf(head));
  const fit = (logits: Float32Array) => fitDecision(head, { logits, labels, classes: head.classNames.length }, wanted);
  return fromLogits(trained, set, fit);
}

/** At once for rows in memory; a promise for those on disk, which are read in windows. */
function fromLogits<T>(head: Predictor, set: AnySet, make: (logits: Float32Array) => T): T | Promise<T> {
  return 'rows' in set ? logitsOf(head, set).then(make) : make(head.logits(set.embeddings));
}

/** Fits to the logits of held-out rows, where there are any. */
function fitDecision<H extends Described>(
  head: H,
  held: HeldRows | undefined,
  { steps, metric, rule, seed }: ReturnType<typeof resolveDecision> & { readonly seed: number },
): H {
  const { classNames } = head;
  const classes = classNames.length;
  const bundle = bundleOf(head);
  const { classCounts, effectivePrior } = priorsOf(head);
  let calibration: Calibration = { scale: classNames.map(() => 1), shift: classNames.map(() => 0) };
  const found = steps.map(({ definition, options: resolved }) => {
    const context: CalibrationContext<unknown> = {
      options: resolved,
      classNames,
      ...(held && { held: calibrated(held, calibration) }),
      ...(classCounts && { classCounts }),
      ...(effectivePrior && { effectivePrior }),
    };
    const fitted = definition.fit(context as Parameters<typeof definition.fit>[0]);
    calibration = compose(calibration, fitted);
    return { name: definition.name, options: resolved, ...fitted.found };
  });
  calibration = { scale: calibration.scale.map(Math.fround), shift: calibration.shift.map(Math.fround) };
  const sure = held && calibrated(held, calibration);
  const judge = ({ logits, labels }: HeldRows): Judged => {
    const { logLoss, brierScore, expectedCalibrationError, adaptiveCalibrationError } = evaluatePredictions({
      labels,
      logits,
      classNames,
    });
    return { logLoss, brierScore, expectedCalibrationError, adaptiveCalibrationError };
  };

  let offsets: readonly number[] | undefined;
  let decided: DecisionFit['decision'] = null;
  if (rule && metric && sure) {
    const value = valueOf(metric, classCounts);
    const support = Array.from(classNames, (_, c) => sure.labels.filter((label) => label === c).length);
    // One row where there is none: a share of 0 has no logarithm.
    const counts = (classCounts ?? support).map((count) => Math.max(1, count));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const context = { held: sure, value, shares: counts.map((count) => count / total) };
    const fitted = rule.fit(context);
    offsets = fitted.offsets;
    const of = (by?: readonly number[]) =>
      value(new Tally(classes, sure.labels, decideClasses(sure.logits, classes, by)));
    decided = {
      metric,
      rule: rule.name,
      ...fitted.found,
      before: of(),
      after: of(offsets),
      crossValidated: honestGain(trialOf(rule, context, metric), seed),
    };
  }
  const fit: DecisionFit = {
    rows: held?.labels.length ?? 0,
    calibration: found,
    before: held ? judge(held) : null,
    after: sure ? judge(sure) : null,
    decision: decided,
  };
  const decision: Decision = { ...(steps.length > 0 && { calibration }), ...(offsets && { offsets }), fit };
  return Object.freeze({ ...head, ...createPredictor({ ...bundle, decision }) });
}

/** The same of a head of rows with any number of labels, whose decision rule is a threshold a class. */
function withThresholds<H extends Described>(
  head: H,
  set: AnySet | undefined,
  given: DecisionOptions,
  seed: number,
): H | Promise<H> {
  const { metric: wanted, steps } = resolveDecision('calibrate', given, 'many');
  const metric = labelMetric('calibrate', { metric: wanted, calibrated: steps.length > 0, rule: given.decisionRule });
  if (!set)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected held-out rows for decision ${metric} but received none. Give validation rows`,
    );
  assertHeldOut(set);
  const bundle = bundleOf(head);
  const trained = createPredictor(bundle);
  const fitted = (logits: Float32Array): H => {
    const { thresholds, ...gain } = tuneThresholds(logits, set, { classNames: head.classNames, metric, seed });
    const fit: DecisionFit = {
      rows: set.labels.length,
      calibration: [],
      before: null,
      after: null,
      decision: { metric, rule: 'thresholds', thresholds, ...gain },
    };
    return Object.freeze({ ...head, ...createPredictor({ ...bundle, thresholds, decision: { fit } }) });
  };
  return fromLogits(trained, set, fitted);
}

/** The same head as training left it. */
export const withoutDecision = (head: Predictor): Predictor => createPredictor(bundleOf(head));
