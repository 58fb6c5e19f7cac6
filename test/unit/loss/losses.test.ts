import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classWeights, createLoss } from '../../../src/loss/index.js';

const near = (got: number, wanted: number, within = 1e-5) =>
  assert.ok(Math.abs(got - wanted) < within, `${got} is not ${wanted}`);

/** z = (2, 1, 0): e² + e + 1 = 11.10734, so p = (0.66524, 0.24473, 0.09003) and −log p_2 = log 11.10734 = 2.40761. */
function oneRow(name: string, options: object = {}, extra: object = {}) {
  const gradient = new Float32Array(3);
  const value = createLoss(name, options).evaluate(
    {
      logits: Float32Array.of(2, 1, 0),
      labels: Int32Array.of(2),
      rows: 1,
      classes: 3,
      classCounts: Int32Array.of(100, 10, 1),
      epoch: 0,
      ...extra,
    },
    gradient,
  );
  return { value, gradient };
}

test('cross-entropy of (2, 1, 0) for class 2 is 2.40761 with gradient p − e', () => {
  const { value, gradient } = oneRow('cross-entropy');
  near(value, 2.40761);
  [0.66524, 0.24473, 0.09003 - 1].forEach((wanted, j) => near(gradient[j] as number, wanted));
});

test('a class weight multiplies value and gradient, and weight-mean divides it out again', () => {
  // w = 3: 3 · 2.40761 = 7.22283.
  const { value, gradient } = oneRow('cross-entropy', { classWeights: [1, 1, 3] });
  near(value, 7.22283, 2e-5);
  near(gradient[0] as number, 3 * 0.66524, 2e-5);
  near(oneRow('cross-entropy', { classWeights: [1, 1, 3], reduction: 'weight-mean' }).value, 2.40761);
});

test('label smoothing 0.1 spreads a tenth of the target', () => {
  // −log p = (0.40761, 1.40761, 2.40761), mean 1.40761: 0.9 · 2.40761 + 0.1 · 1.40761 = 2.30761.
  near(oneRow('cross-entropy', { labelSmoothing: 0.1 }).value, 2.30761);
});

test('a soft label weighs the cross-entropies of its classes', () => {
  // 0.25 of class 2, 0.75 of class 0: 0.25 · 2.40761 + 0.75 · 0.40761 = 0.90761.
  const soft = { otherLabels: Int32Array.of(0), labelWeights: Float32Array.of(0.25) };
  near(oneRow('cross-entropy', {}, soft).value, 0.90761);
});

test('a batch that weighs nothing has loss 0 and teaches nothing', () => {
  const { value, gradient } = oneRow(
    'cross-entropy',
    { reduction: 'weight-mean' },
    { sampleWeights: Float32Array.of(0) },
  );
  assert.equal(value, 0);
  assert.ok(gradient.every((g) => g === 0));
});

test('focal fades by (1 − p)^gamma of the unweighted probability', () => {
  // 0.90997 · 2.40761 = 2.19085; 0.90997² · 2.40761 = 1.99360.
  near(oneRow('focal', { gamma: 1 }).value, 2.19085);
  near(oneRow('focal', { gamma: 2 }).value, 1.9936);
  near(oneRow('focal', { gamma: 2, classWeights: [1, 1, 2] }).value, 2 * 1.9936, 2e-5);
});

test('focal with gamma 0 is cross-entropy', () => {
  const [focal, plain] = [oneRow('focal', { gamma: 0 }), oneRow('cross-entropy')];
  near(focal.value, plain.value, 1e-9);
  focal.gradient.forEach((g, j) => near(g, plain.gradient[j] as number, 1e-7));
});

test('focal of a row classified with certainty is 0, not NaN', () => {
  const sure = oneRow('focal', { gamma: 0.5 }, { logits: Float32Array.of(0, 0, 200) });
  assert.equal(sure.value, 0);
  assert.ok(sure.gradient.every((g) => Math.abs(g) === 0));
});

test('balanced softmax adds the log of the counts', () => {
  // (2 + log 100, 1 + log 10, 0): e² · 100 + e · 10 + 1 = 767.089; its log is 6.64260.
  near(oneRow('balanced-softmax').value, 6.6426);
});

test('balanced softmax refuses a row of a class without training rows, and ignores such a class elsewhere', () => {
  assert.throws(() => oneRow('balanced-softmax', {}, { classCounts: Int32Array.of(100, 10, 0) }), { code: 'ERR_DATA' });
  const { value, gradient } = oneRow('balanced-softmax', {}, { classCounts: Int32Array.of(0, 1, 1) });
  // Only classes 1 and 2 are left: log(e + 1) = 1.31326.
  near(value, 1.31326);
  assert.equal(gradient[0], 0);
});

test('inverse-frequency weights are 1/n scaled to the number of classes', () => {
  // 1/5000 : 1/50 = 1 : 100, summing to 2: 2/101 and 200/101.
  const weights = classWeights('inverse-frequency', null, [5000, 50]);
  near(weights[0] as number, 2 / 101, 1e-12);
  near(weights[1] as number, 200 / 101, 1e-12);
});

test('effective-number weights for 5000 and 50 rows', () => {
  // beta 0.9999: E = (3934.85, 49.878), w = 2 · (1/E) / Σ 1/E = (0.02503, 1.97497).
  for (const [beta, low, high] of [
    [0.9999, 0.02503, 1.97497],
    [0.999, 0.09365, 1.90635],
    [0.9, 0.99742, 1.00258],
    [0, 1, 1],
  ] as const) {
    const weights = classWeights('effective-number', beta, [5000, 50]);
    near(weights[0] as number, low);
    near(weights[1] as number, high);
  }
});

test('effective-number weights of the long-tailed CIFAR-10', () => {
  const counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
  const wanted = [0.05061, 0.0769, 0.12113, 0.19504, 0.31881, 0.52459, 0.86835, 1.44263, 2.40922, 3.99272];
  classWeights('effective-number', null, counts).forEach((weight, c) => near(weight, wanted[c] as number));
});

test('a class without rows weighs 0 and leaves the others their sum', () => {
  assert.deepEqual([...classWeights('inverse-frequency', null, [4, 0, 4])], [1, 0, 1]);
});

test('options that nothing would read, and weights of another length, are refused', () => {
  assert.throws(() => createLoss('cross-entropy', { beta: 0.9 }), { code: 'ERR_OPTION' });
  assert.throws(() => oneRow('cross-entropy', { classWeights: [1, 2] }), { code: 'ERR_SHAPE' });
  assert.throws(() => createLoss('cross-entropi'), { code: 'ERR_OPTION', message: /Did you mean cross-entropy/ });
});
