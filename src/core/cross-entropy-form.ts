/**
 * A loss that is the cross-entropy of softmax(scale · z + shift), class c weighing `classWeights[c]`, with `smoothing` of every
 * target spread over all classes. C numbers each; left out: 1, 0 and 1. The kernels know this one form.
 */
export interface CrossEntropyForm {
  readonly scale?: Float32Array;
  /** −Infinity leaves a class out. */
  readonly shift?: Float32Array;
  readonly classWeights?: Float32Array;
  readonly smoothing?: number;
  /** The mean of a batch is over the weights of its rows, not over their number. */
  readonly byWeight?: boolean;
}
