/** The rows of a training as it is given them: checked, weighed, scaled. */

import { iota, mapDiskRows, takeDiskRows, windowsOf } from '../core/disk-rows.js';
import { changed, shapeOf, type AnySet, type AnyTrainingSet, type LabelledRows } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { dense, matrix, type Dense } from '../core/matrix.js';
import { targetKind } from '../core/targets.js';
import { applyScaler, fitScaler, type Scaler } from '../head/index.js';

/** Whether there is something to tell apart: two classes, or rows with and rows without one of them. */
function isLearnable({ classCounts, targets, labels }: LabelledRows): boolean {
  const present = classCounts.filter((count) => count > 0);
  return targets ? present.some((count) => count < labels.length) : present.length >= 2;
}

/** @throws ERR_DATA for rows that leave nothing to tell apart. */
export function checkClasses(train: LabelledRows): void {
  const { classCounts, classNames, labels } = train;
  if (!isLearnable(train))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected training rows of at least two classes but received ${labels.length} rows of ${classNames.filter((_, c) => (classCounts[c] ?? 0) > 0).join(', ') || 'no class'}`,
    );
}

/** @throws ERR_DATA, ERR_SHAPE for validation rows that do not belong to the training rows. */
export function checkValidation(validation: AnySet, train: AnyTrainingSet): void {
  const { rows, cols } = shapeOf(validation);
  const wanted = shapeOf(train).cols;
  if (rows === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected validation rows but received none. Leave validation out to keep the last epoch',
    );
  if (cols !== wanted)
    throw new EquipoiseError('ERR_SHAPE', `validation has ${cols} columns but the training set has ${wanted}`);
  if (validation.classNames.join('\n') !== train.classNames.join('\n'))
    throw new EquipoiseError(
      'ERR_DATA',
      'validation and training set have different class tables. Split them from one set',
    );
  if (validation.targets && !isLearnable(validation))
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected validation rows with and without some class but every class has all of them or none. Keep more rows for validation',
    );
  if (targetKind(validation) !== targetKind(train))
    throw new EquipoiseError(
      'ERR_DATA',
      'Rows of one of validation and training set have one label each, those of the other any number. Split them from one set',
    );
}

/** Weights of mean 1, so that the learning rate means the same whatever their unit. @throws ERR_SHAPE, ERR_DATA */
export function normalizedWeights(given: ArrayLike<number> | undefined, rows: number): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (given.length !== rows)
    throw new EquipoiseError('ERR_SHAPE', `sampleWeights has ${given.length} entries but embeddings has ${rows} rows`);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const weight = given[i] as number;
    if (!Number.isFinite(weight) || weight < 0)
      throw new EquipoiseError('ERR_DATA', `Expected a finite weight >= 0 for row ${i} but received ${weight}`);
    sum += weight;
  }
  if (sum === 0) throw new EquipoiseError('ERR_DATA', 'Expected some sampleWeights above 0 but all are 0');
  return Float32Array.from({ length: rows }, (_, i) => ((given[i] as number) * rows) / sum);
}

/** The scaler that fits some rows. */
export function scalerOf(set: AnySet, centerOnly: boolean): Promise<Scaler> {
  const { cols } = shapeOf(set);
  async function* windows(): AsyncGenerator<Dense> {
    if ('rows' in set) for await (const { x } of windowsOf(set.rows)) yield x;
    else yield dense(set.embeddings);
  }
  return fitScaler(windows, cols, { centerOnly });
}

/** The same rows as the head sees them: a copy only where there is a scaler, and of rows on disk none. */
export function scaled<S extends AnySet>(set: S, scaler: Scaler | undefined): S {
  if (scaler === undefined) return set;
  if ('rows' in set) return changed(set, { rows: mapDiskRows(set.rows, (x) => applyScaler(scaler, x, x.data)) });
  const x = dense((set as Extract<AnySet, { embeddings: unknown }>).embeddings);
  const out = new Float32Array(x.data.length);
  applyScaler(scaler, x, out);
  return changed(set, { embeddings: matrix(out, x.rows, x.cols) });
}

/** Of at most 4,096 rows spread over the set: it sets a rate, whose second digit does not matter. */
export async function meanSquaredNorm(set: AnySet): Promise<number> {
  const { rows, cols } = shapeOf(set);
  const stride = Math.ceil(rows / 4096);
  const chosen = iota(Math.ceil(rows / stride)).map((i) => i * stride);
  const onDisk = 'rows' in set;
  const { data } = onDisk ? await takeDiskRows(set.rows, chosen) : dense(set.embeddings);
  let sum = 0;
  for (const [place, row] of chosen.entries()) {
    const at = (onDisk ? place : row) * cols;
    for (let i = at; i < at + cols; i++) sum += (data[i] as number) * (data[i] as number);
  }
  return sum / chosen.length;
}
