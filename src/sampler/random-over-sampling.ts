import { unknownName } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { custom } from '../core/options.js';
import { defineSampler, duplicates } from './define-sampler.js';

/** Bandwidth by class name; classes that are not named have none. */
export type Shrinkage = number | Readonly<Record<string, number>>;

const isBandwidth = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/**
 * Copies of rows; with `shrinkage` a smoothed bootstrap (ROSE): a copy plus normal noise of s · h · sd_j in column j, where h =
 * (4 / ((d + 2) · n))^(1 / (d + 4)) for all n rows of the set, and sd_j is the column's population standard deviation in the
 * class. Such rows are vectors of their own, so a plan with shrinkage holds them all.
 */
export const randomOverSampling = defineSampler({
  name: 'random-over-sampling',
  summary: 'repeat rows of the small classes, drawn with replacement; with shrinkage each copy gets noise of its own',
  paper:
    'Menardi, Torelli, "Training and assessing classification rules with imbalanced data" (ROSE), DMKD 28 (2014), doi:10.1007/s10618-012-0295-5',
  towards: 'same-class',
  reads: 'labels',
  options: {
    shrinkage: custom<Shrinkage>({
      accepts: 'number >= 0, or such numbers by class name',
      default: 0,
      help: 'width of the noise around a copy, as a multiple of the bandwidth that suits normal data; 0: exact copies, which cost nothing to plan; small: near copies; large: classes blur into each other',
      check: (value) =>
        isBandwidth(value) ||
        (typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.keys(value).length > 0 &&
          Object.values(value).every(isBandwidth)),
    }),
  },
  prepare({ set, members, classId, options }) {
    const { shrinkage } = options;
    const { classNames } = set;
    if (typeof shrinkage === 'object')
      for (const name of Object.keys(shrinkage))
        if (!classNames.includes(name)) throw unknownName('class', name, classNames, 'classes');
    const width = typeof shrinkage === 'number' ? shrinkage : (shrinkage[classNames[classId] as string] ?? 0);
    if (width === 0) return duplicates(members);
    if (members.length === 1) return duplicates(members, 'one row: repeated, for it has no spread to draw noise from');
    const { data, rows, cols } = dense(set.embeddings);
    const bandwidth = width * (4 / ((cols + 2) * rows)) ** (1 / (cols + 4));
    const noise = deviations(data, cols, members).map((deviation) => bandwidth * deviation);
    return {
      ...duplicates(members),
      alter(row, { base }, draws) {
        for (let j = 0; j < cols; j++) row[j] = (row[j] as number) + draws.normal() * (noise[j] as number);
        return [base];
      },
    };
  },
});

/** Population standard deviation of each column over the given rows. */
export function deviations(data: Float32Array, cols: number, rows: Int32Array): Float64Array {
  const mean = new Float64Array(cols);
  const squares = new Float64Array(cols);
  for (const row of rows) for (let j = 0; j < cols; j++) mean[j]! += (data[row * cols + j] as number) / rows.length;
  for (const row of rows)
    for (let j = 0; j < cols; j++) squares[j]! += ((data[row * cols + j] as number) - (mean[j] as number)) ** 2;
  return squares.map((sum) => Math.sqrt(sum / rows.length));
}
