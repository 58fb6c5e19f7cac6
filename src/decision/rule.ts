/** The contract of decision rules: which offsets, added to the logits, make the largest of them the best decision. */

import type { Entry } from '../core/registry.js';
import type { ConfusionMatrix } from '../metric/index.js';
import { decideClasses } from '../head/index.js';
import type { HeldRows } from './calibration.js';
import type { Trial } from './honest-gain.js';
import { Tally } from './tally.js';

export interface RuleContext {
  readonly held: HeldRows;
  /** What is to become large. */
  readonly value: (confusion: ConfusionMatrix) => number;
  /** Class shares of the training rows. */
  readonly shares: readonly number[];
}

export interface DecisionRule extends Entry {
  /** C float32 offsets, and what was found, as JSON. */
  fit(context: RuleContext): { readonly offsets: readonly number[]; readonly found: Readonly<Record<string, unknown>> };
}

/** Declares a decision rule; add it to the registry in `index.ts`. */
export function defineRule(rule: DecisionRule): DecisionRule {
  return rule;
}

function pick({ logits, labels, classes }: HeldRows, rows: readonly number[]): HeldRows {
  const taken = new Float32Array(rows.length * classes);
  rows.forEach((row, i) => taken.set(logits.subarray(row * classes, (row + 1) * classes), i * classes));
  return { logits: taken, labels: Int32Array.from(rows, (row) => labels[row] as number), classes };
}

/** The rule on the rows of the context, to be tried on those that it was not fitted on. */
export function trialOf(rule: DecisionRule, context: RuleContext, metric: string): Trial {
  const { held, value } = context;
  const { logits, labels, classes } = held;
  return {
    rule: rule.name,
    metric,
    labels,
    strata: classes,
    width: 1,
    plain: decideClasses(logits, classes),
    decide: (outside, inside) =>
      decideClasses(pick(held, inside).logits, classes, rule.fit({ ...context, held: pick(held, outside) }).offsets),
    value: (verdicts, rows) =>
      value(
        new Tally(
          classes,
          rows.map((row) => labels[row] as number),
          rows.map((row) => verdicts[row] as number),
        ),
      ),
  };
}
