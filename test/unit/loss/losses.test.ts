import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponential } from '../../../src/loss/exponential.js';
import { difficultyWeights } from '../../../src/loss/cdb.js';
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
      epoch: 9,
      epochs: 10,
      step: 0,
      seed: 0,
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
  assert.throws(() => oneRow('cross-entropy', { classWeights: [0, 0, 0] }), {
    code: 'ERR_OPTION',
    message: /not all 0/,
  });
  assert.throws(() => createLoss('cross-entropi'), { code: 'ERR_OPTION', message: /Did you mean cross-entropy/ });
});

test('ASL of (2, 1, 0) for class 2', () => {
  // t = (1/30, 1/30, 28/30), p^4 of the others (.195853, .003587):
  // .933333 · 2.40761 + (.195853 · .40761 + .003587 · 1.40761) / 30 = 2.24993.
  near(oneRow('asl').value, 2.24993);
});

test('ASL without smoothing and focusing is cross-entropy', () => {
  const [asl, plain] = [oneRow('asl', { labelSmoothing: 0 }), oneRow('cross-entropy')];
  near(asl.value, plain.value, 1e-9);
  asl.gradient.forEach((g, j) => near(g, plain.gradient[j] as number, 1e-7));
});

test('LDAM lowers the own cosine by the margin of its class', () => {
  // m = .5 (1/n)^¼ = (.15811, .28117, .5); 30 · cosines (.8, .1, .3) = (24, 3, 9).
  // y 0: log(1 + (e^3 + e^9) / e^(24 − 4.7434)) = 3.52e-5; y 1: 24 − (3 − 8.4352) = 29.4351; y 2: 24 − (9 − 15) = 30.
  [3.52119e-5, 29.43512, 30].forEach((wanted, y) => {
    const batch = { logits: Float32Array.of(24, 3, 9), labels: Int32Array.of(y), cosineScale: 30 };
    near(oneRow('ldam', {}, batch).value, wanted, y === 0 ? 1e-9 : 1e-5);
  });
});

test('margins of the long-tailed CIFAR-10', () => {
  const counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
  const wanted = [0.15811, 0.1797, 0.20424, 0.23209, 0.26383, 0.29977, 0.34068, 0.38722, 0.4405, 0.5];
  wanted.forEach((margin, y) => {
    // Of two logits, its own and one far above all others, the loss is their distance: 40 + 1 · margin.
    const logits = new Float32Array(10);
    const other = y === 0 ? 1 : 0;
    logits[other] = 40;
    const batch = {
      logits,
      labels: Int32Array.of(y),
      classes: 10,
      classCounts: Int32Array.from(counts),
      cosineScale: 1,
    };
    const gradient = new Float32Array(10);
    const value = createLoss('ldam').evaluate({ ...batch, rows: 1, epoch: 0, epochs: 1, step: 0, seed: 0 }, gradient);
    near(value - 40, margin);
  });
});

test('deferred weights of the long-tailed CIFAR-10 weigh the average row at 0.171', () => {
  // Why the plain mean and the mean by weight differ by 5.85 in the length of a step.
  const counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
  const weights = classWeights('effective-number', null, counts);
  near(counts.reduce((sum, count, c) => sum + count * (weights[c] as number), 0) / 12_406, 0.17099);
});

test('logit adjustment with tau 1, ARB with the counts of the training set, and balanced softmax are one', () => {
  const balanced = oneRow('balanced-softmax');
  for (const other of [oneRow('logit-adjustment'), oneRow('arb', { counts: 'training-set' })]) {
    near(other.value, balanced.value, 1e-9);
    other.gradient.forEach((g, j) => near(g, balanced.gradient[j] as number, 1e-7));
  }
  near(oneRow('logit-adjustment', { tau: 0 }).value, 2.40761);
});

test('ARB balances the classes of the batch and leaves the absent ones alone', () => {
  // Labels 2 and 0: class 1 is out. log(e² + 1) = 2.12693 for each row's sum; (2.12693 + 2.12693 − 2) / 2 = 1.12693.
  const two = { logits: Float32Array.of(2, 1, 0, 2, 1, 0), labels: Int32Array.of(2, 0), rows: 2 };
  const { evaluate } = createLoss('arb');
  const batch = { classes: 3, classCounts: Int32Array.of(100, 10, 1), epoch: 0, epochs: 1, step: 0, seed: 0 };
  near(evaluate({ ...batch, ...two }, new Float32Array(6)), 1.12693);
});

test('CDT divides the logits of rare classes', () => {
  // gamma ½: a = (1, √10, 10): z / a = (2, .316228, 0); log(7.389056 + 1.371943 + 1) = 2.27840.
  near(oneRow('cdt', { gamma: 0.5 }).value, 2.2784);
  near(oneRow('cdt', { gamma: 0 }).value, 2.40761);
});

test('vector scaling divides and shifts', () => {
  // As above, times n / 111: log((738.9056 + 13.71943 + 1) / 111) − log(1 / 111) = log 753.6250 = 6.62490.
  near(oneRow('vs-loss', { gamma: 0.5 }).value, 6.6249);
  near(oneRow('vs-loss', { gamma: 0 }).value, oneRow('balanced-softmax').value, 1e-9);
  near(oneRow('vs-loss', { gamma: 0.5, tau: 0 }).value, oneRow('cdt', { gamma: 0.5 }).value, 1e-9);
});

test('influence balancing divides by the length of the gradient, after half of the epochs', () => {
  // h = (1, −2, ½): ‖h‖₁ = 3.5; ‖p − e‖₁ = 2 · .90997 = 1.81994; 1000 / (6.369786 + .001) = 156.96650.
  const options = { influenceScale: 1000, classWeights: 'none' };
  const rowNorms = Float32Array.of(3.5);
  near(oneRow('ib', options, { rowNorms }).value / oneRow('cross-entropy').value, 156.9665, 5e-5);
  near(oneRow('ib', options, { rowNorms, epoch: 4 }).value, 2.40761);
  near(oneRow('ib', options, { rowNorms, epoch: 5 }).value / oneRow('cross-entropy').value, 156.9665, 5e-5);
});

test('equalization spares rare classes from the rows of others', () => {
  // Rare is below 111 / 6 = 18.5 rows: classes 1 and 2. y 0: both are spared, nothing is left to learn.
  const of = (label: number, gamma: number) => oneRow('seql', { gamma }, { labels: Int32Array.of(label) }).value;
  near(of(0, 1), 0);
  // y 1: class 2 is spared, log(e² + e) − 1 = 1.31326.
  near(of(1, 1), 1.31326);
  near(of(2, 0), 2.40761);
});

test('equalization draws by step and seed', () => {
  const many = { logits: new Float32Array(300), labels: new Int32Array(100), rows: 100 };
  const batch = { classes: 3, classCounts: Int32Array.of(100, 10, 1), epoch: 0, epochs: 1, step: 0, seed: 0, ...many };
  const of = (extra: object) => createLoss('seql').evaluate({ ...batch, ...extra }, new Float32Array(300));
  assert.equal(of({}), of({}));
  assert.notEqual(of({}), of({ step: 1 }));
  assert.notEqual(of({}), of({ seed: 1 }));
  // With probability .9² = .81 both are spared (0), .18 one (log 2), .01 none (log 3): .13575 a row; of 100 rows ± .03.
  near(of({}), 0.13575, 0.1);
});

test('label-aware smoothing goes from tail to head with the count', () => {
  const of = (label: number, rise: string) =>
    oneRow('label-aware-smoothing', { rise }, { labels: Int32Array.of(label), classCounts: Int32Array.of(100, 1, 10) })
      .value;
  // The largest class: .7 · .40761 + .3 · 1.40761 = .70761, however the share rises; the smallest: as it is.
  for (const rise of ['concave', 'linear', 'convex']) {
    near(of(0, rise), 0.70761);
    near(of(1, rise), 1.40761);
  }
  // Ten rows are at 9/99 = .0909: shares .3 · sin .14280 = .04269, .3 · .0909 = .02727, .3 · (1 − cos .14280) = .00305,
  // each taking 1 · share from 2.40761.
  near(of(2, 'concave'), 2.36492);
  near(of(2, 'linear'), 2.38034);
  near(of(2, 'convex'), 2.40456);
});

test('difficulty weights follow the recalls on the validation rows', () => {
  // d = (.1, .5, .8): d^1.5 = (.03162, .35355, .71554), sum 1.10072.
  [0.0861877, 0.9636076, 1.9502047].forEach((wanted, c) =>
    near(difficultyWeights(Float64Array.of(0.9, 0.5, 0.2), 1.5)[c] as number, wanted, 1e-6),
  );
  // Dynamic: sigmoid(.9 / .21) = .98642; d^.98642 = (.10318, .50473, .80243), sum 1.41034.
  [0.2194711, 1.0736368, 1.7068921].forEach((wanted, c) =>
    near(difficultyWeights(Float64Array.of(0.9, 0.5, 0.2), 'dynamic')[c] as number, wanted, 1e-6),
  );
  assert.deepEqual([...difficultyWeights(Float64Array.of(1, 1, 1), 2)], [1, 1, 1]);
  // An unknown class is as difficult as the mean of (0, 1).
  near(difficultyWeights(Float64Array.of(1, 0, NaN), 1)[2] as number, 1);
});

test('deferred weights apply from their epoch on, exactly', () => {
  // 0.8 of 200: epoch 160. Class 2 of (100, 10, 1) is rarest, so its weight is above 1.
  const options = { classWeights: 'effective-number', weightsFrom: 0.8 };
  const at = (epoch: number) => oneRow('cross-entropy', options, { epoch, epochs: 200 }).value;
  near(at(159), 2.40761);
  const weight = classWeights('effective-number', null, [100, 10, 1])[2] as number;
  near(at(160), weight * 2.40761, 2e-5);
  assert.throws(() => createLoss('cross-entropy', { weightsFrom: 0.8 }), { code: 'ERR_OPTION' });
});

test('the exponential of the softmax is right to 1e-8, and 0 where nothing is left', () => {
  for (let x = 0; x > -90; x -= 0.0137) {
    const wanted = Math.exp(x);
    assert.ok(Math.abs(exponential(x) - wanted) <= 1e-8 * wanted, `${x}`);
  }
  assert.equal(exponential(0), 1);
  assert.equal(exponential(-Infinity), 0);
});

/** z = (2, 1, 0) and (−1, 0.5, 3), of a row with class 2 and one with classes 0 and 2. */
function manyRows(name: string, options: object = {}, extra: object = {}) {
  const gradient = new Float32Array(6);
  const value = createLoss(name, options).evaluate(
    {
      logits: Float32Array.of(2, 1, 0, -1, 0.5, 3),
      labels: new Int32Array(2),
      targets: Float32Array.of(0, 0, 1, 1, 0, 1),
      rows: 2,
      classes: 3,
      classCounts: Int32Array.of(50, 40, 20),
      trainingRows: 100,
      epoch: 0,
      epochs: 1,
      step: 0,
      seed: 0,
      ...extra,
    },
    gradient,
  );
  return { value, gradient };
}

test('binary cross-entropy is summed over the classes and averaged over the rows', () => {
  // Row 0: log(1 + e²) + log(1 + e) + log 2 = 2.126928 + 1.313262 + 0.693147 = 4.133337.
  // Row 1: log(1 + e) + log(1 + √e) + log(1 + e^−3) = 1.313262 + 0.974077 + 0.048587 = 2.335926. Mean 3.234632.
  const { value, gradient } = manyRows('binary-cross-entropy');
  near(value, 3.234632, 2e-6);
  // σ(2)/2 = 0.440399, (σ(0) − 1)/2 = −0.25
  near(gradient[0] as number, 0.440399);
  near(gradient[2] as number, -0.25);
});

test('rows that have a class are weighed against those that have not', () => {
  // Weights (100 − n)/n = 1, 1.5, 4: row 0 gains 3 · 0.693147, row 1 3 · 0.048587: (2.079442 + 0.145761) / 2 = 1.112601 more.
  near(manyRows('binary-cross-entropy', { positiveWeights: 'balanced' }).value, 3.234632 + 1.112601, 2e-6);
  assert.throws(() => manyRows('binary-cross-entropy', { positiveWeights: [1] }), { code: 'ERR_SHAPE' });
});

test('focal with gamma 0 and asymmetric loss with neither gammas nor margin are binary cross-entropy', () => {
  const plain = manyRows('binary-cross-entropy');
  for (const other of [
    manyRows('focal-sigmoid', { gamma: 0 }),
    manyRows('asl-sigmoid', { gammaPositive: 0, gammaNegative: 0, margin: 0 }),
    manyRows('eql', { rareBelow: 0 }),
  ]) {
    near(other.value, plain.value, 1e-9);
    other.gradient.forEach((g, j) => near(g, plain.gradient[j] as number, 1e-7));
  }
});

test('focal fades each answer by itself, and weighs yes against no', () => {
  // One logit, 0, of a row with the class: (½)² · log 2 = 0.173287; a quarter of that for positiveShare ¼.
  const one = { logits: Float32Array.of(0), targets: Float32Array.of(1), rows: 1, classes: 1 };
  near(manyRows('focal-sigmoid', {}, one).value, 0.173287);
  near(manyRows('focal-sigmoid', { positiveShare: 0.25 }, one).value, 0.173287 / 4);
});

test('asymmetric loss drops what is improbable already', () => {
  const at = (z: number, has: number, options: object = {}) =>
    manyRows('asl-sigmoid', options, {
      logits: Float32Array.of(z),
      targets: Float32Array.of(has),
      rows: 1,
      classes: 1,
    });
  // σ(−3) = 0.0474 < 0.05.
  assert.deepEqual(at(-3, 0).value, 0);
  assert.equal(at(-3, 0).gradient[0], 0);
  // q = 0.5 − 0.05 = 0.45: 0.45⁴ · −log 0.55 = 0.041006 · 0.597837 = 0.024515. With the class: ½ · log 2 = 0.346574.
  near(at(0, 0).value, 0.024515);
  near(at(0, 1).value, 0.346574);
  // With the factors as constants: q⁴ p (1 − p) / (1 − q) = 0.041006 · 0.25 / 0.55 = 0.018639, and −(½)² with the class.
  near(at(0, 0, { detachFocus: true }).gradient[0] as number, 0.018639);
  near(at(0, 1, { detachFocus: true }).gradient[0] as number, -0.25);
});

test('equalization spares rare classes the rows that do not have them', () => {
  // Only class 2, with 20 of 100 rows, is below 0.3, and both rows have it: nothing to spare. Below 0.45 class 1 is, too.
  const plain = manyRows('binary-cross-entropy');
  near(manyRows('eql', { gamma: 1, rareBelow: 0.3 }).value, plain.value, 1e-9);
  // Without class 1: 1.313262 and 0.974077 less, a half of each.
  near(manyRows('eql', { gamma: 1, rareBelow: 0.45 }).value, plain.value - (1.313262 + 0.974077) / 2, 2e-6);
});
