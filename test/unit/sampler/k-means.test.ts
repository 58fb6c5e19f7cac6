import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../../src/core/rng.js';
import { kernelReport, loadKernels, type Kernels } from '../../../src/kernels/index.js';
import { kMeans } from '../../../src/sampler/k-means.js';

const reference = loadKernels({ backend: 'reference' });

const backends: Kernels[] = [reference, loadKernels({ backend: 'wasm' })];
if (kernelReport().attempts.some(({ backend, error }) => backend === 'addon' && error === undefined))
  backends.push(loadKernels({ backend: 'addon' }));

/** Normal rows around far apart centres. */
function groups(rows: number, cols: number, of: number) {
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const draws = createRng(1, 'groups').at(i);
    for (let j = 0; j < cols; j++) data[i * cols + j] = draws.normal() + (j === i % of ? 30 : 0);
  }
  return { data, rows, cols };
}

test('k-means finds groups that are far apart, and their means', async () => {
  const x = groups(90, 5, 3);
  const { centres, assignment } = await kMeans(x, { clusters: 3, rng: createRng(0, 'clusters'), kernels: reference });
  for (let i = 3; i < 90; i++) assert.equal(assignment[i], assignment[i % 3]);
  assert.equal(new Set(assignment).size, 3);
  for (let j = 0; j < 5; j++) {
    let sum = 0;
    for (let i = 0; i < 90; i += 3) sum += x.data[i * 5 + j]!;
    assert.equal(centres.data[assignment[0]! * 5 + j], Math.fround(sum / 30));
  }
});

test('every row is in the cluster of its nearest centre, ties in the lower one', async () => {
  const draws = createRng(2, 'grid').at(0);
  const x = { data: Float32Array.from({ length: 600 }, () => draws.below(6)), rows: 200, cols: 3 };
  const { centres, assignment } = await kMeans(x, { clusters: 12, rng: createRng(0, 'clusters'), kernels: reference });
  const distance = (row: number, c: number) =>
    [0, 1, 2].reduce((sum, j) => sum + (x.data[row * 3 + j]! - centres.data[c * 3 + j]!) ** 2, 0);
  assignment.forEach((cluster, row) => {
    const all = Array.from({ length: 12 }, (_, c) => distance(row, c));
    assert.equal(cluster, all.indexOf(Math.min(...all)));
  });
});

test('rows so far from the origin that a float32 product misleads still go to the nearest centre', async () => {
  // Values around 4000 in 8 columns: products near 1.3e8, which float32 holds in steps of 8, while the distances are below 1.
  const draws = createRng(3, 'far').at(0);
  const x = { data: Float32Array.from({ length: 1600 }, () => 4000 + draws.uniform()), rows: 200, cols: 8 };
  for (const kernels of backends) {
    const { centres, assignment } = await kMeans(x, { clusters: 5, rng: createRng(0, 'clusters'), kernels });
    assignment.forEach((cluster, row) => {
      const distances = Array.from({ length: 5 }, (_, c) => {
        let sum = 0;
        for (let j = 0; j < 8; j++) sum += (x.data[row * 8 + j]! - centres.data[c * 8 + j]!) ** 2;
        return sum;
      });
      assert.equal(cluster, distances.indexOf(Math.min(...distances)));
    });
  }
});

test('clusters are the same on every backend, from either start', async () => {
  const x = groups(700, 33, 7);
  for (const clusters of [20, 300]) {
    const [first, ...others] = await Promise.all(
      backends.map((kernels) => kMeans(x, { clusters, rng: createRng(0, 'clusters'), kernels })),
    );
    for (const other of others) assert.deepEqual(other, first);
  }
});

test('there are never more clusters than rows, and duplicates leave some empty', async () => {
  const x = { data: Float32Array.of(1, 1, 1, 5), rows: 4, cols: 1 };
  const { centres, assignment } = await kMeans(x, { clusters: 9, rng: createRng(0, 'clusters'), kernels: reference });
  assert.equal(centres.rows, 4);
  assert.deepEqual([...new Set(assignment.map((c) => centres.data[c]!))].sort(), [1, 5]);
});

test('k-means stops when it is told to', async () => {
  const x = groups(3000, 40, 4);
  const running = kMeans(x, {
    clusters: 200,
    rng: createRng(0, 'clusters'),
    kernels: reference,
    signal: AbortSignal.abort(),
  });
  await assert.rejects(running, { code: 'ERR_ABORTED' });
});
