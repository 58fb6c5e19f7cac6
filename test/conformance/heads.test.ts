/** Every registered head: gradient by finite differences, seed, graph, round trip through ONNX. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from '#ort';
import { createRng } from '../../src/core/rng.js';
import { createHead, headModel, heads, readHead } from '../../src/head/index.js';
import { loadKernels } from '../../src/kernels/index.js';
import { writeModel } from '../../src/onnx/index.js';

const rows = 5;
const inputDim = 7;
const classes = 3;
const draws = createRng(3, 'test/heads').at(0);
const normal = (length: number) => Float32Array.from({ length }, () => draws.normal());
const x = normal(rows * inputDim);
const weights = normal(rows * classes);

/** Of hundreds of rectifiers one switches within the step of a finite difference; of a few, with these seeds, none does. */
const narrow: Readonly<Record<string, object>> = { mlp: { hidden: [9] }, adapter: { width: 5 } };

/** Every head with its defaults, and those whose options change the arithmetic. */
const cases: readonly (readonly [title: string, name: string, options?: object])[] = [
  ...Object.keys(heads).map((name) => [name, name, narrow[name] ?? {}] as const),
  ['linear without bias', 'linear', { bias: false }],
  ['mlp of three layers with layer norm and dropout', 'mlp', { hidden: [9, 4, 6], layerNorm: true, dropout: 0.3 }],
  ['mlp with dropout in one layer', 'mlp', { hidden: [9, 4], dropout: [0, 0.5] }],
  ['nearest-mean of unit rows', 'nearest-mean', { unitRows: true }],
];

for (const [title, name, options = {}] of cases) {
  /** A head away from special values, such as the zeros an adapter begins with, and its passes over the same draws. */
  const prepare = () => {
    const head = createHead(name, { inputDim, classes, seed: 1, options });
    const shifts = createRng(5, 'test/shifts').at(0);
    for (const { data } of head.parameters) data.forEach((w, j) => (data[j] = w + 0.2 * shifts.normal()));
    const logits = new Float32Array(rows * classes);
    const pass = () => {
      head.forward(x, rows, logits, createRng(7, 'test/noise').at(0));
      return logits;
    };
    return { head, pass };
  };

  test(`${title}: tangent is the slope of forward along a direction`, () => {
    const { head, pass } = prepare();
    const direction = head.parameters.map(({ data }) => normal(data.length));
    const tangent = new Float32Array(rows * classes);
    pass();
    head.tangent(x, rows, direction, tangent);
    const h = 1 / 1024;
    const moved = (step: number) => {
      head.parameters.forEach(({ data }, p) =>
        data.forEach((w, j) => (data[j] = w + step * (direction[p]?.[j] as number))),
      );
      return pass().slice();
    };
    const above = moved(h);
    const below = moved(-2 * h);
    // Float32 logits of some ten units leave about 1e-6 · 10 / h = 0.01.
    tangent.forEach((slope, j) => {
      const measured = ((above[j] as number) - (below[j] as number)) / (2 * h);
      assert.ok(Math.abs(slope - measured) < 0.03 * Math.max(1, Math.abs(slope)), `${j}: ${slope}, ${measured}`);
    });
  });

  test(`${title}: backward is the slope of forward`, () => {
    const { head, pass } = prepare();
    // The value is Σ w · logits, so that its gradient with respect to the logits is w.
    const value = () => pass().reduce((sum, z, j) => sum + z * (weights[j] as number), 0);
    value();
    const gradients = head.parameters.map(({ data }) => new Float32Array(data.length).fill(NaN));
    head.backward(x, rows, weights, gradients);
    head.parameters.forEach(({ name: parameter, data }, p) => {
      for (let j = 0; j < data.length; j++) {
        const before = data[j] as number;
        const h = 1 / 256;
        data[j] = before + h;
        const above = value();
        data[j] = before - h;
        const below = value();
        data[j] = before;
        const slope = (above - below) / (2 * h);
        const gradient = gradients[p]?.[j] as number;
        // Float32 logits of a few units leave about 1e-6 / h = 3e-4; curved heads add h² of its third derivative.
        assert.ok(
          Math.abs(slope - gradient) < 0.02 * Math.max(1, Math.abs(slope)),
          `${parameter}[${j}]: ${slope}, ${gradient}`,
        );
      }
    });
  });

  test(`${title}: the seed decides the first parameters`, () => {
    const of = (seed: number) =>
      createHead(name, { inputDim, classes, seed, options }).parameters.map(({ data }) => data);
    assert.deepEqual(of(4), of(4));
    assert.notDeepEqual(of(4), of(5));
  });

  test(`${title}: backends agree`, () => {
    const forward = (backend: 'reference' | undefined) => {
      const kernels = loadKernels(backend && { backend });
      const logits = new Float32Array(rows * classes);
      createHead(name, { inputDim, classes, kernels, options }).forward(x, rows, logits);
      return logits;
    };
    const expected = forward('reference');
    forward(undefined).forEach((z, j) => assert.ok(Math.abs(z - (expected[j] as number)) < 1e-5));
  });

  test(`${title}: the exported graph computes the same, and reads back the same`, async () => {
    const head = createHead(name, { inputDim, classes, seed: 2, options });
    const scaler = { mean: normal(inputDim), scale: normal(inputDim).map((s) => Math.abs(s) + 0.5) };
    const classNames = ['a', 'b', 'c'];
    const bytes = writeModel(headModel({ head, scaler, classNames, settings: { seed: 2 } }));
    const session = await ort.InferenceSession.create(bytes);
    const scaled = x.map(
      (v, i) => Math.fround(v - (scaler.mean[i % inputDim] as number)) * (scaler.scale[i % inputDim] as number),
    );
    const logits = new Float32Array(rows * classes);
    head.forward(scaled, rows, logits);
    const out = await session.run({ embedding: new ort.Tensor('float32', x, [rows, inputDim]) });
    const theirs = out['logits']?.data as Float32Array;
    logits.forEach((z, j) => assert.ok(Math.abs(z - (theirs[j] as number)) < 1e-5 * Math.max(1, Math.abs(z))));
    const probabilities = out['probabilities']?.data as Float32Array;
    for (let i = 0; i < rows; i++) {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-6);
    }

    const back = readHead(bytes, 'head.onnx');
    assert.deepEqual(back.classNames, classNames);
    assert.deepEqual(back.scaler, scaler);
    assert.deepEqual(back.settings, { seed: 2 });
    assert.deepEqual(
      back.head.parameters.map(({ data }) => data),
      head.parameters.map(({ data }) => data),
    );
    assert.deepEqual({ name: back.head.name, options: back.head.options }, { name, options: head.options });
  });

  test(`${title}: an unknown option is refused`, () => {
    assert.throws(() => createHead(name, { inputDim, classes, options: { nothing: 1 } }), { code: 'ERR_OPTION' });
    assert.throws(() => createHead(name, { inputDim: 0, classes }), { code: 'ERR_OPTION' });
  });
}
