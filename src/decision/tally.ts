import type { ConfusionMatrix } from '../metric/index.js';

/** A confusion matrix that follows single rows as their prediction changes. */
export class Tally implements ConfusionMatrix {
  readonly counts: Float64Array;
  readonly support: Float64Array;
  readonly predicted: Float64Array;
  readonly total: number;

  constructor(
    readonly classes: number,
    truth: ArrayLike<number>,
    predicted: ArrayLike<number>,
  ) {
    this.counts = new Float64Array(classes * classes);
    this.support = new Float64Array(classes);
    this.predicted = new Float64Array(classes);
    this.total = truth.length;
    for (let i = 0; i < this.total; i++) {
      const [t, p] = [truth[i] as number, predicted[i] as number];
      this.counts[t * classes + p]!++;
      this.support[t]!++;
      this.predicted[p]!++;
    }
  }

  /** A row of class `truth` is predicted to be `to` instead of `from`. */
  move(truth: number, from: number, to: number): void {
    this.counts[truth * this.classes + from]!--;
    this.counts[truth * this.classes + to]!++;
    this.predicted[from]!--;
    this.predicted[to]!++;
  }
}
