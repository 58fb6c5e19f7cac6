/** Optimizers, schedules, batch samplers, validation scores. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '../../../src/core/options.js';
import { createRng } from '../../../src/core/rng.js';
import { resolveBatchSampler } from '../../../src/train/batch-samplers.js';
import { batchSamplers, createOptimizer, createSchedule, type Choice } from '../../../src/train/index.js';
import { lbfgs } from '../../../src/train/lbfgs.js';
import { better, score } from '../../../src/train/validation.js';

function afterSteps(choice: Choice, gradients: number[], rate: number): number {
  const w = Float32Array.of(1);
  const { step } = createOptimizer(choice, [w]);
  for (const g of gradients) step([Float32Array.of(g)], rate, { value: 0, evaluate: () => 0 });
  return w[0] as number;
}
const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-6, `${got} is not ${wanted}`);

test('sgd follows the gradient', () => {
  // 1 − 0.1 · 2 = 0.8
  near(afterSteps({ name: 'sgd', momentum: 0, weightDecay: 0 }, [2], 0.1), 0.8);
});

test('sgd keeps a share of its last step', () => {
  // v: 2, then 0.5 · 2 + 1 = 2. 1 − 0.1 · 2 − 0.1 · 2 = 0.6
  near(afterSteps({ name: 'sgd', momentum: 0.5, weightDecay: 0 }, [2, 1], 0.1), 0.6);
});

test('nesterov looks one step of momentum ahead', () => {
  // v = 2, step g + 0.5 v = 3: 0.7. v = 2, step 1 + 0.5 · 2 = 2: 0.5
  near(afterSteps({ name: 'sgd', momentum: 0.5, weightDecay: 0, nesterov: true }, [2, 1], 0.1), 0.5);
});

test('weight decay pulls towards zero', () => {
  // 1 − 0.1 · (0 + 0.5 · 1) = 0.95
  near(afterSteps({ name: 'sgd', momentum: 0, weightDecay: 0.5 }, [0], 0.1), 0.95);
});

test('adamw decays the weight and steps by the rate, whatever the scale of the gradient', () => {
  // 1 · (1 − 0.1 · 0.5) = 0.95; of the first gradient m̂ = 2 and √v̂ = 2: 0.95 − 0.1 · 2/2 = 0.85
  near(afterSteps({ name: 'adamw', weightDecay: 0.5 }, [2], 0.1), 0.85);
  near(afterSteps({ name: 'adamw', weightDecay: 0.5 }, [2000], 0.1), 0.85);
});

test('adamw remembers mean and square apart', () => {
  // After 2 and −1 with β1 = β2 = 0.5: m = 0.5 · (0.5 · 2) − 0.5 = 0, so the second step goes nowhere: 1 − 0.1 = 0.9
  near(afterSteps({ name: 'adamw', beta1: 0.5, beta2: 0.5, weightDecay: 0 }, [2, -1], 0.1), 0.9);
});

/** Steps on a function of two numbers, from a start; `uphill` is the gradient of the loss that a step may ask for instead. */
function descend(
  choice: Choice,
  start: readonly number[],
  steps: number,
  rate: number,
  f: (w: Float32Array, g: Float32Array) => number,
  uphill?: (w: Float32Array, g: Float32Array) => number,
) {
  const w = Float32Array.from(start);
  const g = new Float32Array(w.length);
  const { step } = createOptimizer(choice, [w]);
  for (let i = 0; i < steps; i++)
    step([g], rate, { value: f(w, g), evaluate: (loss) => (loss && uphill ? uphill(w, g) : f(w, g)) });
  return { w: [...w] };
}

/** Steps of lbfgs on a function that writes its gradient, until it is done. */
async function solve(options: object, start: number[], steps: number, f: (w: Float32Array, g: Float64Array) => number) {
  const w = Float32Array.from(start);
  const step = lbfgs.solve([w], resolveOptions('lbfgs', lbfgs.options, options));
  let outcome;
  for (let i = 0; i < steps && outcome?.converged !== true; i++)
    outcome = await step({ evaluate: async (g) => f(w, g) });
  return { w: [...w], outcome };
}
const bowl = (w: Float32Array, g: Float32Array) => {
  g[0] = w[0] as number;
  return (w[0] as number) ** 2 / 2;
};

test('sam takes the gradient from uphill', () => {
  // The gradient of w²/2 at 1 is 1, so uphill is 1 + 0.5; the gradient there is 1.5, and 1 − 0.1 · 1.5 = 0.85.
  const plain = { name: 'sam', rho: 0.5, momentum: 0, weightDecay: 0 };
  near(descend(plain, [1], 1, 0.1, bowl).w[0] as number, 0.85);
});

test('asymmetric sam goes uphill of the class-weighted loss and downhill of its own', () => {
  // That other loss falls towards +, so its uphill is 1 − 0.5; the gradient of w²/2 there is 0.5, and 1 − 0.1 · 0.5 = 0.95.
  const asymmetric = { name: 'sam', rho: 0.5, momentum: 0, weightDecay: 0, ascent: 'class-weighted' };
  const falling = (_w: Float32Array, g: Float32Array) => (g[0] = -3);
  near(descend(asymmetric, [1], 1, 0.1, bowl, falling).w[0] as number, 0.95);
});

test('lbfgs steps by the inverse slope first, and is done at the bottom', async () => {
  // 2 w² at 1: slope 4, direction −4, first step 1/√(4 · 4) = 1/4: 1 − 4/4 = 0.
  const { w, outcome } = await solve({ l2: 0 }, [1], 1, (v, g) => {
    g[0] = 4 * (v[0] as number);
    return 2 * (v[0] as number) ** 2;
  });
  assert.deepEqual(w, [0]);
  assert.deepEqual(outcome, { loss: 2, converged: true });
});

test('lbfgs finds the end of a bent valley', async () => {
  const { w, outcome } = await solve({ l2: 0, tolerance: 1e-3 }, [-1.2, 1], 100, (v, g) => {
    const [x = 0, y = 0] = v;
    g[0] = -400 * x * (y - x * x) - 2 * (1 - x);
    g[1] = 200 * (y - x * x);
    return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
  });
  assert.equal(outcome?.converged, true);
  for (const coordinate of w) assert.ok(Math.abs(coordinate - 1) < 0.01, `${w}`);
});

test('lbfgs with several penalties ends at the optimum of the last', async () => {
  // (w − 1)²/2 + l2 w²/2 is least at 1/(1 + l2): 0.5 for l2 = 1 and 0.8 for l2 = 0.25.
  const { w } = await solve({ l2: [1, 0.25] }, [0], 50, (v, g) => {
    g[0] = (v[0] as number) - 1;
    return ((v[0] as number) - 1) ** 2 / 2;
  });
  assert.ok(Math.abs((w[0] as number) - 0.8) < 1e-4, `${w}`);
});

const rates = (choice: Choice, epochs: number) =>
  Array.from({ length: epochs }, (_, epoch) => 0.1 * createSchedule(choice).factor(epoch, epochs));

test('five epochs of warm-up to 0.1 run at .02 .04 .06 .08 .1', () => {
  [0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1].forEach((wanted, epoch) =>
    near(rates({ name: 'constant', warmupEpochs: 5 }, 7)[epoch] as number, wanted),
  );
});

test('steps multiply by gamma at each milestone', () => {
  const choice = { name: 'step', milestones: [2, 3], gamma: 0.1 };
  [0.1, 0.1, 0.01, 0.001].forEach((wanted, epoch) => near(rates(choice, 4)[epoch] as number, wanted));
});

test('cosine falls from the full rate through half of it at half time', () => {
  // After one epoch of warm-up four are left: cos 0, π/4, π/2, 3π/4.
  const wanted = [0.1, 0.1, 0.05 * (1 + Math.SQRT1_2), 0.05, 0.05 * (1 - Math.SQRT1_2)];
  wanted.forEach((rate, epoch) => near(rates({ name: 'cosine', warmupEpochs: 1 }, 5)[epoch] as number, rate));
});

test('unknown parts and options are refused with near names', () => {
  assert.throws(() => createSchedule('cosin'), { code: 'ERR_OPTION', message: /Did you mean cosine/ });
  assert.throws(() => createSchedule({ name: 'cosine', gamma: 1 }), { code: 'ERR_OPTION' });
  assert.throws(() => createSchedule({ name: 'step', milestones: [3, 2] }), { code: 'ERR_OPTION' });
  assert.throws(() => createOptimizer('adan', []), { code: 'ERR_OPTION', message: /Known optimizers/ });
  assert.throws(() => resolveBatchSampler({ name: 'instance', size: 1 }), { code: 'ERR_OPTION' });
});

const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 2, 2, 2);
const ordered = (name: Choice, length: number, seed = 0) => {
  const fill = resolveBatchSampler(name).create({ labels, classes: 3, rng: createRng(seed, 'test') });
  return Array.from({ length: 2 }, (_, epoch) => {
    const out = new Int32Array(length);
    fill(out, epoch, 2);
    return [...out];
  });
};

test('instance visits every row once an epoch, in another order each', () => {
  const [first = [], second = []] = ordered('instance', 9);
  for (const epoch of [first, second]) assert.deepEqual(epoch.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.notDeepEqual(first, second);
});

test('instance goes on where a short epoch ended', () => {
  // Two epochs of 6 over 9 rows: the first 9 visits are all rows.
  const [first = [], second = []] = ordered('instance', 6);
  assert.deepEqual([...first, ...second.slice(0, 3)].toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('class-balanced visits classes equally often, and rows of a class equally often', () => {
  const [first = [], second = []] = ordered('class-balanced', 12);
  const visits = (row: number) => [...first, ...second].filter((other) => other === row).length;
  // 24 visits: 12 a class, 2 for each of the six rows of class 0, 4 for each of the three of class 2.
  labels.forEach((label, row) => assert.equal(visits(row), label === 0 ? 2 : 4));
});

test('rates of classes: square root, effective number', () => {
  // Counts 6 and 3. √6 : √3 = .58579 : .41421. beta ½: 6 / (1 − 2^−6) = 6.09524 : 3 / (1 − 2^−3) = 3.42857 is .64 : .36.
  for (const [choice, share] of [
    ['square-root', 0.58579],
    [{ name: 'effective-number', beta: 0.5 }, 0.64],
  ] as const) {
    const [first = []] = ordered(choice, 10_000);
    const large = first.filter((row) => row < 6).length / 10_000;
    // Three standard deviations of 10,000 draws: 0.015.
    assert.ok(Math.abs(large - share) < 0.015, `${large}`);
  }
});

test('progressive starts with rows and ends with classes', () => {
  const [first = 0, last = 0] = ordered('progressive', 10_000).map(
    (epoch) => epoch.filter((row) => row < 6).length / 10_000,
  );
  assert.ok(Math.abs(first - 6 / 9) < 0.015 && Math.abs(last - 0.5) < 0.015, `${first}, ${last}`);
});

test('class-aware takes its rows class by class', () => {
  const [first = [], second = []] = ordered({ name: 'class-aware', perTurn: 3 }, 12);
  for (let turn = 0; turn < 24; turn += 3) {
    const visited = [...first, ...second].slice(turn, turn + 3);
    assert.equal(new Set(visited.map((row) => labels[row])).size, 1);
    assert.equal(new Set(visited).size, 3);
  }
  assert.equal([...first, ...second].filter((row) => row >= 6).length, 12);
});

test('deferred visits rows equally often, then, from its epoch on, classes', () => {
  // 0.5 of 2 epochs: the second.
  const [first = [], second = []] = ordered({ name: 'deferred', balanceFrom: 0.5 }, 18);
  const small = (epoch: number[]) => epoch.filter((row) => row >= 6).length;
  assert.deepEqual([small(first), small(second)], [6, 9]);
});

test('batch samplers follow their seed', () => {
  for (const name of Object.keys(batchSamplers)) {
    assert.deepEqual(ordered(name, 9), ordered(name, 9));
    assert.notDeepEqual(ordered(name, 9, 0), ordered(name, 9, 1));
  }
});

test('validation scores weigh classes alike', () => {
  // Class 0: one of two right. Class 1: one of one. Class 2 has no row. Logits (1, 0, −9999): p = e/(e + 1) = 0.73106.
  const logits = Float32Array.of(1, 0, -9999, 0, 1, -9999, 0, 1, -9999);
  const got = score(logits, Int32Array.of(0, 0, 1), 3);
  near(got.balancedAccuracy, 0.75);
  // −log 0.73106 = 0.31326, −log 0.26894 = 1.31326: mean over rows 1.93978 / 3, over classes (0.81326 + 0.31326) / 2.
  assert.ok(Math.abs(got.loss - 1.93978 / 3) < 1e-5);
  assert.ok(Math.abs(got.balancedLoss - 0.56326) < 1e-5);
});

test('equal balanced accuracies are told apart by the balanced loss', () => {
  const of = (balancedAccuracy: number, balancedLoss: number) => ({ balancedAccuracy, balancedLoss, loss: 0 });
  assert.equal(better(of(0.5, 1), of(0.5, 2), 'balancedAccuracy'), true);
  assert.equal(better(of(0.5, 1), of(0.6, 2), 'balancedAccuracy'), false);
  assert.equal(better(of(0.5, 1), of(0.6, 2), 'balancedLoss'), true);
});
