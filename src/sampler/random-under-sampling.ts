import { boolean } from '../core/options.js';
import { defineUnderSampler, keepAll, keepOnly } from './define-under-sampler.js';
import { seedRule } from './entry.js';

export const randomUnderSampling = defineUnderSampler({
  name: 'random-under-sampling',
  summary: 'keep a random part of the large classes',
  reads: 'labels',
  options: {
    replacement: boolean({
      default: false,
      help: 'draw with replacement, as a bootstrap does: some rows are there more than once, and fewer different ones remain',
    }),
    seed: seedRule,
  },
  draws: 'anew',
  select(task) {
    const keep = keepAll(task);
    const repeats: number[] = [];
    for (const c of task.targets) {
      const members = task.members[c] as Int32Array;
      const total = task.totals[c] as number;
      if (!task.options.replacement) {
        const chosen = task.rng(c).permutation(members.length).subarray(0, total);
        keepOnly(
          keep,
          members,
          chosen.map((i) => members[i] as number),
        );
        continue;
      }
      keepOnly(keep, members, []);
      const draws = task.rng(c).cursor();
      for (let sample = 0; sample < total; sample++) {
        const row = members[draws.seek(sample).below(members.length)] as number;
        if (keep[row]) repeats.push(row);
        keep[row] = 1;
      }
    }
    return { keep, repeats };
  },
});
