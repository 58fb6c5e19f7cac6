/** Decision rules by name. Adding one is its file and a line here. */

import { adjustedLogits } from './adjusted-logits.js';
import { thresholds } from './thresholds.js';

export const decisionRules = {
  thresholds,
  'adjusted-logits': adjustedLogits,
} as const;
