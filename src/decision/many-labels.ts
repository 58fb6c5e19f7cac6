/** The decision rule of heads of rows with any number of labels: from which probability on each class is predicted. */

import type { LabelledRows } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { strataOf } from '../core/targets.js';
import { decideLabels } from '../head/index.js';
import { probabilitiesOf, targetsAs } from '../metric/index.js';
import { labelScores, labelThresholds, scoreLabels, type LabelMetric } from '../train/index.js';
import { honestGain, type HonestGain } from './honest-gain.js';

export interface TunedThresholds {
  /** One a class, float32 as in the exported graph. */
  readonly thresholds: readonly number[];
  readonly before: number;
  readonly after: number;
  readonly crossValidated: HonestGain;
}

/**
 * The metric, where a threshold a class can be tuned for it.
 * @throws ERR_OPTION for another one, and for a calibration or rule, which are for rows of one label each.
 */
export function labelMetric(
  owner: string,
  { metric, calibrated, rule }: { metric: string | null; calibrated: boolean; rule: string | undefined },
): LabelMetric {
  if (calibrated)
    throw expected(
      'none, for rows with any number of labels,',
      `${owner}.calibration`,
      'a calibration of rows with one label each',
      'Thresholds a class are tuned with decision',
    );
  if (rule !== undefined && rule !== 'thresholds')
    throw expected('thresholds, for rows with any number of labels,', `${owner}.decisionRule`, rule);
  if (metric !== null && Object.hasOwn(labelScores, metric)) return metric as LabelMetric;
  throw expected(
    `one of ${Object.keys(labelScores).join(', ')}, for rows with any number of labels,`,
    `${owner}.decision`,
    metric,
  );
}

/** @param logits (n, C) of the set, in the order of `classNames`. */
export function tuneThresholds(
  logits: Float32Array,
  set: LabelledRows,
  { classNames, metric, seed }: { classNames: readonly string[]; metric: LabelMetric; seed: number },
): TunedThresholds {
  const classes = classNames.length;
  const targets = targetsAs(classNames, set, 'to tune thresholds on');
  if (targets.length === 0)
    throw new EquipoiseError('ERR_DATA', 'Expected held-out rows to tune thresholds on but the set has none');
  const probabilities = probabilitiesOf(logits);
  const all = [...set.labels.keys()];
  const fit = (rows: readonly number[]) => labelThresholds({ probabilities, targets, classes, metric, rows });
  const decide = (thresholds: readonly number[], rows: readonly number[]) => {
    const own = new Float32Array(rows.length * classes);
    rows.forEach((row, i) => own.set(logits.subarray(row * classes, (row + 1) * classes), i * classes));
    return decideLabels(own, thresholds);
  };
  const value = (verdicts: Int32Array, rows: readonly number[]) =>
    scoreLabels({ verdicts, targets, classes, metric, rows });
  const plain = decideLabels(
    logits,
    classNames.map(() => 0.5),
  );
  const thresholds = fit(all);
  return {
    thresholds,
    before: value(plain, all),
    after: value(decideLabels(logits, thresholds), all),
    crossValidated: honestGain(
      {
        rule: 'thresholds',
        metric,
        labels: set.labels,
        strata: strataOf(set),
        width: classes,
        plain,
        decide: (outside, inside) => decide(fit(outside), inside),
        value,
      },
      seed,
    ),
  };
}
