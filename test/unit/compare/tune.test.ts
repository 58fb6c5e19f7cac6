import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tune, type Tuning } from '../../../src/compare/index.js';
import { checkSpace, declaredSpace, drawPoints, gridOf } from '../../../src/compare/space.js';
import { roundsOf } from '../../../src/compare/tune.js';
import { boolean, choice, integer, number, text } from '../../../src/core/options.js';
import { brand } from '../../../src/core/embedding-set.js';
import { strategies, type StrategyDefinition } from '../../../src/strategy/index.js';
import { trainHead } from '../../../src/strategy/index.js';
import { clouds, heldOutClouds, trainingClouds } from '../train/toy.js';

const rules = {
  gamma: number({ min: 0, default: 2, help: 'x' }),
  share: number({ min: 0, max: 1, default: 0.5, help: 'x' }),
  k: integer({ min: 1, default: 5, help: 'x' }),
  zero: number({ min: 0, default: 0, help: 'x' }),
  kind: choice({ of: ['a', 'b'], default: 'a', help: 'x' }),
  on: boolean({ default: false, help: 'x' }),
  name: text({ help: 'x' }),
};

test('the declared space follows bounds, choices and defaults', () => {
  assert.deepEqual(declaredSpace(rules), {
    gamma: { min: 0.5, max: 8, scale: 'log' },
    share: { min: 0, max: 1 },
    k: { min: 1, max: 20, scale: 'log' },
    kind: ['a', 'b'],
    on: [false, true],
  });
  const registry = Object.values(strategies) as unknown as StrategyDefinition[];
  for (const { options } of registry) {
    const space = declaredSpace(options);
    if (Object.keys(space).length > 0) checkSpace(space, options);
  }
});

test('a grid has every combination, the last option changing fastest', () => {
  assert.deepEqual(gridOf({ a: [1, 2], b: ['x', 'y'] }), [
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ]);
  assert.throws(() => gridOf({ a: { min: 0, max: 1 } }), { code: 'ERR_OPTION', message: /List them/ });
});

test('drawn points differ, stay in range, and follow the seed', () => {
  const space = { gamma: { min: 0.1, max: 10, scale: 'log' }, k: { min: 1, max: 20 }, kind: ['a', 'b'] } as const;
  const points = drawPoints(space, rules, 60, 1);
  assert.equal(new Set(points.map((point) => JSON.stringify(point))).size, 60);
  for (const { gamma, k } of points as { gamma: number; k: number }[]) {
    assert.ok(gamma >= 0.1 && gamma <= 10);
    assert.ok(Number.isInteger(k) && k >= 1 && k <= 20);
  }
  // Half of a logarithmic range lies below its geometric mean, 1; of an even one 9 % would.
  const below = points.filter(({ gamma }) => (gamma as number) < 1).length;
  assert.ok(below > 18 && below < 42, `${below} of 60`);
  assert.deepEqual(drawPoints(space, rules, 60, 1), points);
  assert.notDeepEqual(drawPoints(space, rules, 60, 2), points);
  assert.equal(drawPoints({ on: [false, true] }, rules, 9, 0).length, 2, 'there are no more');
});

test('rounds have eta times fewer trials and as many times more epochs', () => {
  assert.deepEqual(roundsOf(27, 27, 3), [
    { epochs: 1, trials: 27 },
    { epochs: 3, trials: 9 },
    { epochs: 9, trials: 3 },
    { epochs: 27, trials: 1 },
  ]);
  // Four trials allow two halvings of them, ten epochs three.
  assert.deepEqual(roundsOf(4, 10, 2), [
    { epochs: 3, trials: 4 },
    { epochs: 5, trials: 2 },
    { epochs: 10, trials: 1 },
  ]);
  assert.deepEqual(roundsOf(5, 8, 1), [{ epochs: 8, trials: 5 }]);
});

const set = clouds([120, 40, 12], { distance: 2 });
const space = { tau: [0, 0.5, 1, 2] };
const options = { strategy: 'logit-adjustment', space, epochs: 9, jobs: 1 };
const timeless = (tuning: Tuning): unknown =>
  JSON.parse(JSON.stringify(tuning, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

test('the search finds on validation rows what plain training of each point finds', async () => {
  const parts = {
    train: trainingClouds([120, 12], { distance: 1 }),
    validation: brand(clouds([60, 60], { distance: 1, seed: 1 }), 'validation'),
    test: heldOutClouds([60, 60], { distance: 1, seed: 2 }),
  };
  const { trials, best, rounds } = await tune(parts, { ...options, eta: 1 });
  assert.deepEqual(rounds, [{ epochs: 9, trials: 4 }]);
  assert.deepEqual(trials.map(({ trial }) => trial).sort(), [0, 1, 2, 3], 'the default, 1, is no second trial');
  const scores = await Promise.all(
    space.tau.map(async (tau) => {
      const head = await trainHead(parts.train, {
        strategy: 'logit-adjustment',
        strategyOptions: { tau },
        epochs: 9,
        validation: parts.validation,
      });
      const logits = head.logits(parts.validation.embeddings);
      const right = [0, 0];
      parts.validation.labels.forEach((label, i) => {
        if (Number((logits[2 * i + 1] as number) > (logits[2 * i] as number)) === label) right[label]!++;
      });
      return ((right[0] as number) + (right[1] as number)) / 120;
    }),
  );
  for (const { options: point, score } of trials)
    assert.ok(Math.abs((score.mean as number) - (scores[space.tau.indexOf(point['tau'] as number)] as number)) < 1e-12);
  assert.equal(trials[0]?.score.mean, Math.max(...scores));
  assert.deepEqual(best, { strategy: 'logit-adjustment', strategyOptions: trials[0]?.options, epochs: 9 });
  assert.equal((await trainHead(parts.train, best)).name, 'logit-adjustment');
});

test('the rows that judge in the end decide nothing', async () => {
  const parts = (seed: number) => ({
    train: trainingClouds([60, 12], { distance: 1 }),
    validation: brand(clouds([30, 30], { distance: 1, seed: 1 }), 'validation'),
    test: heldOutClouds([30, 30], { distance: 1, seed }),
  });
  assert.deepEqual(timeless(await tune(parts(2), options)), timeless(await tune(parts(3), options)));
});

test('bad trials are discarded early, and the number of jobs changes nothing', async () => {
  const search = { ...options, space: { tau: [0, 0.5, 1, 1.5, 2], batchSize: [16, 32] }, eta: 3, seeds: 2 };
  const one = await tune(set, search);
  // 10 points and the defaults (batch of 128): 11 trials, two rounds of thirds: 11, 3, 1.
  assert.deepEqual(one.rounds, [
    { epochs: 1, trials: 11 },
    { epochs: 3, trials: 3 },
    { epochs: 9, trials: 1 },
  ]);
  assert.deepEqual(
    one.trials.map(({ rounds }) => rounds),
    [3, 2, 2, ...Array.from({ length: 8 }, () => 1)],
  );
  assert.equal(one.trials.filter(({ trial }) => trial === 0).length, 1);
  assert.deepEqual(timeless(await tune(set, { ...search, jobs: 2 })), timeless(one));
});

test('a stopped search goes on where it was, to the same result', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-tune-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const random = { ...options, space: { tau: { min: 0, max: 3 } }, trials: 5, eta: 2, out: join(folder, 'search') };
  const stop = new AbortController();
  const onProgress = ({ done }: { done: number }) => done === 3 && stop.abort();
  await assert.rejects(tune(set, { ...random, onProgress, signal: stop.signal }), { code: 'ERR_ABORTED' });
  assert.equal(readdirSync(join(random.out, 'jobs')).length, 3);
  const { out: _, ...alone } = random;
  assert.deepEqual(timeless(await tune(set, random)), timeless(await tune(set, alone)));
  await assert.rejects(tune(set, { ...random, seed: 1 }), { code: 'ERR_OPTION', message: /trial 1 \(/ });
});

test('what cannot be searched is refused before any training', async () => {
  const refused = (other: object, message: RegExp) =>
    assert.rejects(tune(set, { ...options, ...other }), { code: 'ERR_OPTION', message });
  await refused({ strategy: 'logit-adjustmen' }, /Did you mean logit-adjustment/);
  await refused({ space: { gamma: [1] } }, /Unknown option to search "gamma"/);
  await refused({ space: { tau: [] } }, /at least one value/);
  await refused({ space: { tau: ['x'] } }, /tune\.space\.tau/);
  await refused({ space: { tau: { min: 2, max: 1 } } }, /min < max/);
  await refused({ space: { epochs: [1, 2] } }, /rounds differ in/);
  await refused({ trials: 4 }, /as many as there are combinations/);
  await refused({ search: 'grid', space: { tau: { min: 0, max: 1 } } }, /search at random/);
  await refused({ validation: 0 }, /validation rows for tune/);
  await refused(
    { strategy: 'eos', space: { training: ['shared', 'paper'] } },
    /trial 1 cannot take part: .*chooses its own/,
  );
});
