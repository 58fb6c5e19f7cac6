import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyScaler, createHead, fitScaler, readHead } from '../../../src/head/index.js';

test('a linear head is x Wᵀ + b', () => {
  const head = createHead('linear', { inputDim: 2, classes: 2 });
  head.parameters[0]?.data.set([1, 2, 3, 4]);
  head.parameters[1]?.data.set([10, 20]);
  const logits = new Float32Array(4);
  head.forward(Float32Array.of(1, 1, 2, 0), 2, logits);
  // (1, 1): 1 + 2 + 10, 3 + 4 + 20. (2, 0): 2 + 10, 6 + 20.
  assert.deepEqual([...logits], [13, 27, 12, 26]);
});

test('a linear head begins within ±1/√d', () => {
  const head = createHead('linear', { inputDim: 16, classes: 50 });
  for (const { data } of head.parameters) {
    assert.ok(data.every((w) => Math.abs(w) <= 0.25));
    assert.ok(data.some((w) => w > 0.1) && data.some((w) => w < -0.1));
  }
});

test('a linear head without bias has one parameter', () => {
  const head = createHead('linear', { inputDim: 3, classes: 2, options: { bias: false } });
  assert.deepEqual(
    head.parameters.map(({ name }) => name),
    ['weight'],
  );
});

test('a cosine head sees directions only', () => {
  const head = createHead('cosine', { inputDim: 2, classes: 2, options: { scale: 10 } });
  head.parameters[0]?.data.set([3, 0, 0, 0.1]);
  const logits = new Float32Array(6);
  head.forward(Float32Array.of(5, 0, 3, 4, 0, 0), 3, logits);
  // (5, 0): cosines 1 and 0. (3, 4): 0.6 and 0.8. A zero row has no direction.
  [10, 0, 6, 8, 0, 0].forEach((wanted, j) => assert.ok(Math.abs((logits[j] as number) - wanted) < 1e-5));
});

test('the scaler centres and scales, and leaves a constant column its scale', async () => {
  // Column 0: 1, 3 → mean 2, sd 1. Column 1: 0.1, 0.1 → constant. Column 2: 1000000, 1000004 → sd 2.
  const x = { data: Float32Array.of(1, 0.1, 1000000, 3, 0.1, 1000004), rows: 2, cols: 3 };
  const scaler = await fitScaler(() => [x], 3);
  assert.deepEqual([...scaler.scale], [1, 1, 0.5]);
  const out = new Float32Array(6);
  applyScaler(scaler, x, out);
  assert.deepEqual([...out], [-1, 0, -1, 1, 0, 1]);
});

test('a constant column keeps scale 1, whatever its value and the number of rows', async () => {
  for (const value of [0.1, 1 / 3, 16777215, 1e-30]) {
    const rows = 1001;
    const x = { data: new Float32Array(rows).fill(value), rows, cols: 1 };
    const { scale } = await fitScaler(() => [x], 1);
    assert.deepEqual([...scale], [1]);
  }
});

test('a file that is no head is refused', () => {
  assert.throws(() => readHead(new Uint8Array([1, 2, 3]), 'x.onnx'), { code: 'ERR_DATA', message: /x\.onnx/ });
});
