/** The contract of decision rules: which offsets, added to the logits, make the largest of them the best decision. */

import type { Entry } from '../core/registry.js';
import type { ConfusionMatrix } from '../metric/index.js';
import type { HeldRows } from './calibration.js';

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
