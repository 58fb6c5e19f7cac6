import { EquipoiseError } from '../core/errors.js';
import { integer, number } from '../core/options.js';
import { batchSamplers, fitHead, type StepMethod } from '../train/index.js';
import { classifierLayer, normalizeRows } from '../head/index.js';
import { softmaxRow } from '../loss/index.js';
import { defineStrategy } from './strategy.js';

export interface TranslationOptions {
  readonly balanceFrom: number;
  readonly seedBeta: number;
  readonly confidence: number;
  readonly seedWeight: number;
  readonly walkSteps: number;
  readonly walkLength: number;
  readonly walkNoise: number;
}

/** Slots of balanced batches that were to be filled by translation, and those that were. */
export interface Translated {
  wanted: number;
  made: number;
}

/**
 * Major-to-minor translation. In a class-balanced batch a row of class k is replaced, with probability 1 − n_k/n_max, by a row of a
 * larger class k0 that is walked towards k: along −∇(CE(g(x), k) + seedWeight · f_k0(x)), where g is a linear head trained on the rows
 * as they are and f the head in training. The walk must end where g gives k at least `confidence`; a row of k0 is a seed with
 * P = 1 − seedBeta^max(0, n_k0 − n_k), drawn in proportion to P and then kept with P. Otherwise the slot keeps its row.
 *
 * Differs from the released code, which works on pixels: lengths are in units of the root mean square distance of rows from
 * their mean, and values stay within the range of their column rather than within 0 and 1.
 */
export function translationStep(options: TranslationOptions, translated: Translated): StepMethod {
  const { balanceFrom, seedBeta, confidence, seedWeight, walkSteps } = options;
  return {
    name: 'm2m',
    options: { ...options },
    async prepare({ set, head, kernels, rng, epochs, batchSize, evaluate, signal }) {
      if (!head.affine)
        throw new EquipoiseError(
          'ERR_OPTION',
          `m2m walks rows along the gradient of a head whose logits are affine (linear), which ${head.name} is not. Use head linear`,
        );
      const { classes, inputDim: d } = head;
      const { classCounts } = set;
      const largest = Math.max(...classCounts);
      const fitted = await fitHead(set, {
        head: { ...head.options, name: head.name },
        seed: rng.seed,
        epochs,
        batchSize,
        standardize: false,
        kernels,
        ...(signal && { signal }),
      });
      const g = fitted.head;
      const [weightOfG, weightOfF] = [g, head].map((of) => classifierLayer(of, 'm2m').weight.data);
      const { low, high, radius } = extent(set.embeddings.data, d);
      const walkLength = options.walkLength * radius;
      const walkNoise = options.walkNoise * radius;
      const firstBalanced = Math.round(balanceFrom * epochs);
      const from = new Float32Array(batchSize * d);
      const slots = new Int32Array(batchSize);
      const seeds = new Int32Array(batchSize);
      const walked = new Float32Array(batchSize * d);
      const slopes = new Float32Array(batchSize * d);
      const units = new Float32Array(batchSize * d);
      const scores = new Float32Array(batchSize * classes);

      /** Of a seed of class `major` for class `minor`. */
      const acceptance = (major: number, minor: number) =>
        1 - seedBeta ** Math.max(0, (classCounts[major] as number) - (classCounts[minor] as number));

      return (batch, place) => {
        const { rows, labels, x } = batch;
        if (place.epoch < firstBalanced) return evaluate(batch, place);
        const draws = rng.substream(place.epoch).at(place.step);
        from.set(x);
        let count = 0;
        for (let slot = 0; slot < rows; slot++) {
          const k = labels[slot] as number;
          if (draws.uniform() >= 1 - (classCounts[k] as number) / largest) continue;
          let total = 0;
          for (let j = 0; j < rows; j++) total += acceptance(labels[j] as number, k);
          if (total === 0) continue;
          let at = draws.uniform() * total;
          let seed = 0;
          for (; seed < rows - 1; seed++) if ((at -= acceptance(labels[seed] as number, k)) < 0) break;
          const share = acceptance(labels[seed] as number, k);
          translated.wanted++;
          if (draws.uniform() >= share) continue;
          slots[count] = slot;
          seeds[count] = labels[seed] as number;
          for (let j = 0; j < d; j++) units[count * d + j] = draws.normal();
          slopes.set(from.subarray(seed * d, (seed + 1) * d), count * d);
          count++;
        }
        if (count === 0) return evaluate(batch, place);
        const size = count * d;
        // Of length below walkNoise, in any direction.
        normalizeRows(units, count, d, walked);
        for (let i = 0; i < count; i++) {
          const length = walkNoise * draws.uniform();
          for (let j = i * d; j < (i + 1) * d; j++) walked[j] = (slopes[j] as number) + length * (walked[j] as number);
        }
        const xs = walked.subarray(0, size);
        const z = scores.subarray(0, count * classes);
        for (let step = 0; step < walkSteps; step++) {
          g.forward(xs, count, z);
          for (let i = 0, at = 0; i < count; i++, at += classes) {
            softmaxRow(z, at, classes, z);
            const k = at + (labels[slots[i] as number] as number);
            z[k] = (z[k] as number) - 1;
            const major = (seeds[i] as number) * d;
            for (let j = 0; j < d; j++)
              slopes[i * d + j] = seedWeight * ((weightOfF as Float32Array)[major + j] as number);
          }
          kernels.gemm({
            a: z,
            b: weightOfG as Float32Array,
            c: slopes.subarray(0, size),
            m: count,
            n: d,
            k: classes,
            transposeA: false,
            transposeB: false,
            alpha: 1,
            beta: 1,
          });
          normalizeRows(slopes, count, d, units);
          for (let j = 0; j < size; j++) {
            const column = j % d;
            const moved = (xs[j] as number) - walkLength * (units[j] as number);
            xs[j] = Math.min(high[column] as number, Math.max(low[column] as number, moved));
          }
        }
        g.forward(xs, count, z);
        for (let i = 0, at = 0; i < count; i++, at += classes) {
          softmaxRow(z, at, classes, z);
          const slot = slots[i] as number;
          if ((z[at + (labels[slot] as number)] as number) < confidence) continue;
          x.set(xs.subarray(i * d, (i + 1) * d), slot * d);
          translated.made++;
        }
        return evaluate(batch, place);
      };
    },
  };
}

/** The range of each column, and the root mean square distance of rows from their mean. */
function extent(data: Float32Array, d: number) {
  const low = new Float32Array(d).fill(Infinity);
  const high = new Float32Array(d).fill(-Infinity);
  const sums = new Float64Array(d);
  const squares = new Float64Array(d);
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    const j = at % d;
    if (value < (low[j] as number)) low[j] = value;
    if (value > (high[j] as number)) high[j] = value;
    sums[j] = (sums[j] as number) + value;
    squares[j] = (squares[j] as number) + value * value;
  }
  const rows = data.length / d;
  const variance = squares.reduce((sum, square, j) => sum + square / rows - ((sums[j] as number) / rows) ** 2, 0);
  return { low, high, radius: Math.sqrt(Math.max(0, variance)) };
}

export const m2m = defineStrategy({
  name: 'm2m',
  summary: 'late in training, rows of large classes are walked into small ones, as a plain head sees them',
  when: 'classes of a handful of rows beside large ones with many varied rows to borrow from; linear heads; trains twice',
  paper:
    'Kim, Jeong, Shin, "M2m: Imbalanced Classification via Major-to-Minor Translation", CVPR 2020, arXiv:2004.00431',
  options: {
    balanceFrom: batchSamplers.deferred.options.balanceFrom,
    seedBeta: number({
      min: 0,
      max: 1,
      default: 0.999,
      help: 'a row of a class with n rows more is a seed with 1 − seedBeta^n; 0: of any larger class; near 1: of the very largest only; 1: nothing is translated',
    }),
    confidence: number({
      min: 0,
      max: 1,
      default: 0.9,
      help: 'least probability of the small class, by the plain head, for a translated row to be used; small: rows of no class; near 1: hardly any is used',
    }),
    seedWeight: number({
      min: 0,
      default: 0.5,
      help: "how much the walk also flees the seed's class as the head in training sees it; 0: not at all; large: it flees only",
    }),
    walkSteps: integer({
      min: 0,
      max: 1000,
      default: 10,
      help: 'steps of the walk; few: it ends on the way; many: slow',
    }),
    walkLength: number({
      min: 0,
      default: 0.1,
      help: 'length of a step, in mean distances of rows from their mean; small: it ends on the way; large: it ends beyond all rows',
    }),
    walkNoise: number({
      min: 0,
      default: 0.5,
      help: 'most that a seed is moved at random first, in the same unit; 0: not at all; large: from anywhere',
    }),
  },
  recipe({ options }) {
    const translated: Translated = { wanted: 0, made: 0 };
    return {
      loss: 'cross-entropy',
      sampler: null,
      batchSampler: { name: 'deferred', balanceFrom: options.balanceFrom },
      step: translationStep(options, translated),
      finish: () => ({ translated }),
    };
  },
});
