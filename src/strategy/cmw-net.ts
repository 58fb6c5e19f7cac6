import { integer } from '../core/options.js';
import { weightNetOptions } from './meta-weight-net.js';
import { defineStrategy } from './strategy.js';
import { weightNetStep } from './weight-net.js';

/**
 * Groups numbers so that the squares of their distances to the means of their groups add up to the least (k-means in one
 * dimension, exactly: groups are runs of the sorted numbers). Group 0 has the smallest.
 */
export function groupNumbers(numbers: ArrayLike<number>, groups: number): Int32Array {
  const order = Int32Array.from(numbers, (_, i) => i).sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  const n = order.length;
  const k = Math.min(groups, new Set(Array.from(numbers)).size);
  const sorted = Float64Array.from(order, (i) => numbers[i] as number);
  const cost = (from: number, to: number) => {
    const part = sorted.subarray(from, to);
    const mean = part.reduce((a, b) => a + b, 0) / part.length;
    return part.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  };
  // best[g][end]: least cost of the first `end` numbers in g groups, and where the last of these begins.
  const best = Array.from({ length: k + 1 }, () => Array.from({ length: n + 1 }, () => ({ cost: Infinity, from: 0 })));
  (best[0] as { cost: number; from: number }[])[0] = { cost: 0, from: 0 };
  for (let g = 1; g <= k; g++)
    for (let end = g; end <= n; end++)
      for (let from = g - 1; from < end; from++) {
        const total = (best[g - 1]?.[from]?.cost ?? Infinity) + cost(from, end);
        const row = best[g] as { cost: number; from: number }[];
        if (total < (row[end]?.cost ?? Infinity)) row[end] = { cost: total, from };
      }
  const groupOf = new Int32Array(n);
  for (let g = k, end = n; g >= 1; g--) {
    const from = best[g]?.[end]?.from ?? 0;
    for (let i = from; i < end; i++) groupOf[order[i] as number] = g - 1;
    end = from;
  }
  return groupOf;
}

export const cmwNet = defineStrategy({
  name: 'cmw-net',
  summary: 'Meta-Weight-Net with an output for each group of classes of similar size',
  when: 'as meta-weight-net, with dozens of classes or more, so that there are groups of classes to tell apart',
  paper:
    'Shu, Yuan, Meng, Xu, "CMW-Net: Learning a Class-Aware Sample Weighting Mapping for Robust Deep Learning", arXiv:2202.05613',
  options: {
    ...weightNetOptions,
    groups: integer({
      min: 1,
      default: 3,
      help: 'groups of classes, by their counts; 1: Meta-Weight-Net; many: few rows a group',
    }),
  },
  recipe: ({ options: { groups, ...options }, classCounts }) => ({
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
    step: weightNetStep('cmw-net', groupNumbers(classCounts, groups), options),
  }),
});
