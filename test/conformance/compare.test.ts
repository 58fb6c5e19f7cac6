/** Every registered strategy side by side: each takes part, under one name, and says the same in any thread. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, standardBaselines } from '../../src/compare/index.js';
import { strategies, type StrategyDefinition } from '../../src/strategy/index.js';
import { clouds } from '../unit/train/toy.js';

const set = clouds([120, 40, 12], { distance: 2 });
const options = { seeds: 1, training: { epochs: 2 }, replicates: 100 };

test('all strategies take part, each under one name, and are judged', async () => {
  const { rows, failures, leftOut } = await compare(set, { ...options, jobs: 2 });
  assert.deepEqual([failures, leftOut], [[], []]);
  const registered = Object.values<Pick<StrategyDefinition, 'name' | 'aliasOf' | 'targets'>>(strategies);
  const names = rows.map(({ name }) => name).sort();
  assert.deepEqual(
    names,
    registered.flatMap((one) => (one.aliasOf === undefined && one.targets !== 'many' ? one.name : [])).sort(),
  );
  for (const name of standardBaselines.one) assert.ok(names.includes(name));
  for (const { name, metrics, gap, againstBaseline } of rows) {
    assert.ok(Number.isFinite(metrics.balancedAccuracy.mean), name);
    assert.ok(Number.isFinite(metrics.logLoss.mean), name);
    assert.ok(Number.isFinite(gap?.after.mean), name);
    assert.equal(againstBaseline === undefined, name === 'ce');
  }

  const alone = await compare(set, { ...options, jobs: 1 });
  for (const { name, metrics } of alone.rows)
    assert.deepEqual(metrics, rows.find((row) => row.name === name)?.metrics, name);
});
