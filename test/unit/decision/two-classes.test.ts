/** Of two classes a decision rule is a threshold on the probability of the second; the exported file decides by it. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportOnnx, loadClassifier } from '../../../src/classifier/index.js';
import { asTraining, brand } from '../../../src/core/embedding-set.js';
import { calibrate, type DecisionFit } from '../../../src/decision/index.js';
import { evaluate } from '../../../src/metric/index.js';
import { trainHead } from '../../../src/strategy/index.js';
import { clouds } from '../train/toy.js';

test('a tuned threshold of two classes finds more of the rare one, in the head and in its file alike', async () => {
  const near = { distance: 1.2 };
  const train = asTraining(clouds([400, 40], near));
  const validation = brand(clouds([400, 40], { ...near, seed: 1 }), 'validation');
  const held = brand(clouds([400, 40], { ...near, seed: 2 }), 'test');
  const head = await trainHead(train, { strategy: 'ce', epochs: 20 });
  const tuned = calibrate(head, validation, { decision: 'balanced-accuracy' });
  const fit = tuned.decision?.fit as DecisionFit;
  const thresholds = fit.decision?.['thresholds'] as number[];
  const threshold = thresholds[1] as number;
  // With 10 % of the rows a class rarely gets a probability of one half.
  assert.ok(threshold > 0 && threshold < 0.3, String(threshold));
  const [before, after] = [await evaluate(head, held), await evaluate(tuned, held)];
  assert.ok(after.balancedAccuracy > before.balancedAccuracy + 0.1);
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-two-'));
  try {
    const path = join(folder, 'head.onnx');
    const report = await exportOnnx(tuned, { path, sampleRows: held.embeddings });
    assert.deepEqual([report.rows, report.disagreements], [440, 0]);
    await using classifier = await loadClassifier(path);
    const { data, shape } = held.embeddings;
    const cols = shape[1] as number;
    const items = held.ids.map((id, i) => ({
      id,
      source: id,
      label: null,
      content: { kind: 'row' as const, values: Float32Array.from(data.slice(i * cols, (i + 1) * cols)) },
    }));
    let rare = 0;
    for await (const { label, probabilities } of classifier.predict(items)) {
      const p = probabilities['class-1'] as number;
      // Nearer than that float32 could say either.
      if (Math.abs(p - threshold) > 1e-5) assert.equal(label, p > threshold ? 'class-1' : 'class-0');
      if (label === 'class-1') rare++;
    }
    assert.equal(
      rare,
      after.confusion.reduce((sum, row) => sum + (row[1] as number), 0),
    );
    assert.ok(rare > before.confusion.reduce((sum, row) => sum + (row[1] as number), 0));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
