/** Cross-entropy of logits that are stretched and shifted class by class: scale_j · z_j + shift_j. */

import { EquipoiseError } from '../core/errors.js';
import { crossEntropyOf, type RowLoss, type StartRows, type Stretch } from './row-loss.js';

/** Prediction uses the logits as they are: stretch and shift are part of training only. */
export function stretchedCrossEntropy({ scale, shift }: Stretch): RowLoss {
  return (z, label, slope) => {
    for (let j = 0; j < z.length; j++) z[j] = (scale[j] as number) * (z[j] as number) + (shift[j] as number);
    const value = crossEntropyOf(z, label, slope);
    for (let j = 0; j < z.length; j++) slope[j] = (slope[j] as number) * (scale[j] as number);
    return value;
  };
}

/**
 * The row loss for stretches that follow from the class counts, computed once for each table of them.
 * A class without rows is left out: probability 0, gradient 0.
 * @throws ERR_DATA for a row of such a class.
 */
export function byCounts(
  loss: string,
  of: (
    count: number,
    place: { readonly largest: number; readonly total: number },
  ) => { scale?: number; shift?: number },
): StartRows {
  let counts: Int32Array | undefined;
  let stretched: Stretch;
  let rowLoss: RowLoss;
  const stretch: NonNullable<StartRows['stretch']> = ({ classCounts }) => {
    if (counts !== classCounts) {
      const place = { largest: Math.max(...classCounts), total: classCounts.reduce((a, b) => a + b, 0) };
      const each = Array.from(classCounts, (count) => (count === 0 ? { shift: -Infinity } : of(count, place)));
      stretched = {
        scale: Float64Array.from(each, ({ scale = 1 }) => scale),
        shift: Float64Array.from(each, ({ shift = 0 }) => shift),
      };
      rowLoss = stretchedCrossEntropy(stretched);
      counts = classCounts;
    }
    return stretched;
  };
  const start: StartRows = (batch) => {
    const { classCounts, labels, rows } = batch;
    stretch(batch);
    for (let i = 0; i < rows; i++)
      if (classCounts[labels[i] as number] === 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Row ${i} of the batch has class ${labels[i]}, which has no training rows: ${loss} has no prior for it`,
        );
    return rowLoss;
  };
  return Object.assign(start, { stretch });
}
