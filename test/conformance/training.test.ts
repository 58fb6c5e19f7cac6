/** Every registered head and optimizer, trained from one seed on every backend: the same parameters within the stated tolerance. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heads } from '../../src/head/index.js';
import { kernelReport, loadKernels } from '../../src/kernels/index.js';
import { knownIsas } from '../../src/kernels/load.js';
import { fitHead, optimizers, type TrainOptions } from '../../src/train/index.js';
import { relativeDistance, trainingClouds } from '../unit/train/toy.js';

// The addon learns by its kernel where it knows the parts, the others by the trainer's own steps.
const reference = loadKernels({ backend: 'reference' });
const { isas } = kernelReport({ backend: 'addon' });
const others = [
  ...knownIsas.filter((isa) => isas.includes(isa)).map((isa) => loadKernels({ backend: 'addon', isa })),
  loadKernels({ backend: 'wasm' }),
];

/** Stated at `learn` in src/kernels/kernels.ts. */
const tolerance = 1e-4;

// Sizes that are no multiple of a tile or of a batch.
const set = trainingClouds([61, 23, 9], { dim: 11 });
const settings: Record<string, TrainOptions> = {
  ...Object.fromEntries(Object.keys(heads).map((head) => [`head ${head}`, { head }])),
  ...Object.fromEntries(Object.keys(optimizers).map((optimizer) => [`optimizer ${optimizer}`, { optimizer }])),
  'a perceptron on synthetic rows': { head: { name: 'mlp', hidden: [13, 6] }, sampler: 'smote' },
};

for (const [what, options] of Object.entries(settings))
  test(`${what}: every backend trains the same head within the tolerance`, async () => {
    const shared = { seed: 4, epochs: 5, ...(options.optimizer !== 'lbfgs' && { batchSize: 32 }) };
    const wanted = await fitHead(set, { ...shared, ...options, kernels: reference });
    for (const kernels of others) {
      const got = await fitHead(set, { ...shared, ...options, kernels });
      const distance = relativeDistance(got.head, wanted.head);
      assert.ok(distance < tolerance, `${kernels.backend} (${kernels.isa}): ${distance}`);
    }
  });
