import { dense, type Dense } from '../core/matrix.js';
import { custom, integer, number } from '../core/options.js';
import type { Rng } from '../core/rng.js';
import { defineSampler } from './define-sampler.js';
import { ownNeighbors, singleRow, smoteSource } from './own-class.js';
import { membersByClass } from './search.js';
import { supportVectors } from './svm.js';
import { enemyCounts, zoneOf } from './zones.js';

/** Beta(10, 10), as the tenth of nineteen uniform draws. */
function beta10(rng: Rng): number {
  const draws = rng.at(0);
  return Array.from({ length: 19 }, () => draws.uniform()).sort((a, b) => a - b)[9] as number;
}

/** Variance of all elements. */
function variance({ data }: Dense): number {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  let squares = 0;
  for (const value of data) squares += (value - mean) ** 2;
  return squares / data.length;
}

/**
 * Bases are the support vectors of the class in SVMs against each other class, but for noise. From those in danger samples go
 * towards a neighbour of the class, from safe ones away from it, outwards, at most `outStep` times its distance.
 *
 * A Beta(10, 10) draw shares the samples between the two; where one of them has no row the other gets all, while
 * imbalanced-learn leaves the class short. Where only noise is left imbalanced-learn fails; here the class gets plain SMOTE rows, and the plan says so.
 * A row outside the segment is no recipe, so the outward ones are `extra` rows with all their numbers.
 */
export const svmSmote = defineSampler({
  name: 'svm-smote',
  summary: 'SMOTE from the support vectors of a class: inwards where they are in danger, outwards where they are safe',
  paper:
    'Nguyen, Cooper, Kamei, "Borderline over-sampling for imbalanced data classification", IJKESDP 3 (2011), doi:10.1504/IJKESDP.2011.039875',
  towards: 'same-class',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows of the same class to move towards or away from; small: near copies; large: long steps',
    }),
    mNeighbors: integer({
      min: 1,
      default: 10,
      help: 'nearest rows of any class that tell noise, danger and safety apart; small: chance decides; large: rows far from the border count as well',
    }),
    outStep: number({
      min: 0,
      default: 0.5,
      help: 'longest step outwards, as a share of the distance to the neighbour; 0: copies of safe support vectors; large: rows where no data is',
    }),
    cost: number({
      min: 1e-6,
      default: 1,
      help: 'price of a row on the wrong side of the margin; small: a wide margin with many support vectors; large: few, and a slow fit',
    }),
    gamma: custom<'scale' | number>({
      accepts: "'scale' or a number > 0",
      default: 'scale',
      help: 'the kernel is exp(−gamma · squared distance); small: a nearly straight boundary; large: every row is a support vector. scale: 1 / (columns · variance)',
      check: (value) => value === 'scale' || (typeof value === 'number' && Number.isFinite(value) && value > 0),
    }),
  },
  async prepare(task) {
    const { set, classId, members, count, options, search, once, rng, signal } = task;
    const { kNeighbors, mNeighbors, outStep, cost } = options;
    const { labels, classCounts } = set;
    const single = singleRow(members);
    if (single) return single;
    const x = dense(set.embeddings);
    const pairs = once(() => {
      const spread = x.cols * variance(x);
      const gamma = options.gamma !== 'scale' ? options.gamma : spread > 0 ? 1 / spread : 1;
      const rows = membersByClass(labels, classCounts);
      const known = new Map<string, Promise<Int32Array>>();
      return (a: number, b: number): Promise<Int32Array> => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const key = `${low} ${high}`;
        const found =
          known.get(key) ??
          supportVectors(x, rows[low] as Int32Array, rows[high] as Int32Array, {
            cost,
            gamma,
            ...(signal && { signal }),
          });
        known.set(key, found);
        return found;
      };
    });
    const supports = new Set<number>();
    for (let other = 0; other < classCounts.length; other++) {
      if (other === classId || classCounts[other] === 0) continue;
      for (const row of await pairs(classId, other)) if (labels[row] === classId) supports.add(row);
    }
    const rows = Int32Array.from(supports).sort();
    const near = await search({ k: mNeighbors, among: 'all', rows });
    const enemies = enemyCounts(rows, near, labels);
    const inZone = (zone: string) => rows.filter((_, i) => zoneOf(enemies[i] as number, near.k) === zone);
    const danger = inZone('danger');
    const safe = inZone('safe');
    if (danger.length + safe.length === 0)
      return smoteSource(task, kNeighbors, {
        fallback: 'every support vector has only other classes around it: every row is a base, as in smote',
      });
    const share = danger.length === 0 ? 0 : safe.length === 0 ? 1 : beta10(rng);
    const inwards = Math.min(count, Math.trunc(share * (count + 1)));
    const bases = Int32Array.from([...danger, ...safe]);
    const { used, pick } = await ownNeighbors(task, kNeighbors, bases);
    return {
      ...used,
      eligibleBases: bases.length,
      alterFrom: inwards,
      draw(draws, recipe, sample) {
        const isInwards = sample < inwards;
        const row = isInwards ? draws.below(danger.length) : danger.length + draws.below(safe.length);
        recipe.base = bases[row] as number;
        recipe.other = pick(row, draws);
        recipe.step = draws.uniform() * (isInwards ? 1 : outStep);
      },
      alter(row, { base, other, step }) {
        for (let j = 0; j < row.length; j++) {
          const from = x.data[base * x.cols + j] as number;
          row[j] = from - step * ((x.data[other * x.cols + j] as number) - from);
        }
        return [base, other];
      },
    };
  },
});
