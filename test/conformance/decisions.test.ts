/** Every registered calibration and decision rule, on a head that was trained. */

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModelSession } from '../../src/backbone/index.js';
import { exportOnnx, loadClassifier } from '../../src/classifier/index.js';
import { dense, matrix } from '../../src/core/matrix.js';
import { calibrate, calibrations, decisionMetrics, decisionRules, type DecisionFit } from '../../src/decision/index.js';
import { writeModel } from '../../src/onnx/index.js';
import type { TrainedHead } from '../../src/train/index.js';
import { trainOn, validationClouds } from '../unit/decision/held-out.js';

let head: TrainedHead;
const validation = validationClouds();
const fresh = validationClouds(2).embeddings;
before(async () => {
  head = await trainOn({ strategy: 'class-weights' });
});

const fitOf = (given: TrainedHead) => given.decision?.fit as DecisionFit;
const tensor = <T>(output: { readonly data: unknown } | undefined) => output?.data as T;

const softmax = (row: readonly number[]) => {
  const e = row.map((z) => Math.exp(z - Math.max(...row)));
  return e.map((value) => value / e.reduce((a, b) => a + b, 0));
};

async function inTheRuntime(given: TrainedHead) {
  const { data, rows, cols } = dense(fresh);
  await using session = await openModelSession(writeModel(given.toModel()), { threads: 1, where: 'head' });
  return session.run({ embedding: { data, dims: [rows, cols] } });
}

for (const [name, { summary, needsRows, name: own }] of Object.entries(calibrations)) {
  const fit = (given: TrainedHead = head) => calibrate(given, validation, { calibration: name });

  test(`${name}: is named after its key, changes probabilities, and says the same a second time`, () => {
    assert.equal(own, name);
    assert.ok(summary.length > 10);
    const once = fit();
    assert.notDeepEqual(once.probabilities(fresh), head.probabilities(fresh));
    assert.deepEqual(fit().decision, once.decision);
    assert.deepEqual(JSON.parse(JSON.stringify(once.decision)), once.decision);
  });

  test(`${name}: lowers the loss on the rows fitted on, which are the natural mix`, () => {
    const { before: was, after: is } = fitOf(fit());
    assert.ok((is?.logLoss as number) < (was?.logLoss as number));
  });

  test(`${name}: the exported graph gives the probabilities and labels of the head`, async () => {
    const sure = fit();
    const { logits, probabilities, label } = await inTheRuntime(sure);
    const wanted = sure.logits(fresh);
    tensor<Float32Array>(logits).forEach((z, i) => assert.ok(Math.abs(z - (wanted[i] as number)) < 1e-4));
    const row = softmax([...wanted.subarray(0, 3)]);
    row.forEach((p, c) => assert.ok(Math.abs(p - (tensor<Float32Array>(probabilities)[c] as number)) < 1e-5));
    assert.deepEqual(Array.from(tensor<BigInt64Array>(label), Number), [...sure.decide(wanted)]);
  });

  test(`${name}: ${needsRows ? 'needs held-out rows' : 'needs no rows'}`, () => {
    const without = () => calibrate(head, undefined, { calibration: name });
    if (needsRows) assert.throws(without, { code: 'ERR_OPTION', message: /held-out rows/ });
    else assert.deepEqual(without().decision?.calibration, fit().decision?.calibration);
  });
}

for (const [name, rule] of Object.entries(decisionRules))
  for (const metric of decisionMetrics)
    test(`${name} for ${metric}: never worse on the rows fitted on, the same decisions in onnxruntime`, async () => {
      assert.equal(rule.name, name);
      const options = { calibration: 'temperature', decision: metric, decisionRule: name };
      const decided = calibrate(head, validation, options);
      const { decision } = fitOf(decided);
      assert.ok(decision !== null && decision.after >= decision.before);
      assert.ok(decision.crossValidated.low <= decision.crossValidated.high);
      const { label } = await inTheRuntime(decided);
      assert.deepEqual(Array.from(tensor<BigInt64Array>(label), Number), [...decided.decide(decided.logits(fresh))]);
      assert.deepEqual(calibrate(head, validation, options).decision, decided.decision);
    });

test('a decision travels through the file to predict', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-decision-'));
  try {
    const path = join(folder, 'head.onnx');
    const decided = calibrate(head, validation, { calibration: 'vector-scaling', decision: 'balanced-accuracy' });
    const report = await exportOnnx(decided, { path, sampleRows: fresh });
    assert.deepEqual([report.disagreements, report.withinTolerance], [0, true]);
    await using classifier = await loadClassifier(path);
    assert.deepEqual(classifier.decision, decided.decision);
    const { data, rows, cols } = dense(fresh);
    const items = Array.from({ length: rows }, (_, i) => ({
      id: String(i),
      label: null,
      source: String(i),
      content: { kind: 'row' as const, values: data.subarray(i * cols, (i + 1) * cols) },
    }));
    const logits = decided.logits(fresh);
    const wanted = Array.from(decided.decide(logits), (c) => decided.classNames[c]);
    const probabilities = decided.probabilities(fresh);
    const said: string[] = [];
    for await (const { id, label, probabilities: given } of classifier.predict(items)) {
      said.push(label as string);
      Object.values(given).forEach((p, c) =>
        assert.ok(Math.abs(p - (probabilities[3 * Number(id) + c] as number)) < 1e-5),
      );
    }
    assert.deepEqual(said, wanted);
    assert.deepEqual(classifier.decide(await classifier.logits(matrix(data, rows, cols))), decided.decide(logits));
    const most = Array.from({ length: rows }, (_, i) => {
      const row = [...logits.subarray(3 * i, 3 * i + 3)];
      return decided.classNames[row.indexOf(Math.max(...row))];
    });
    assert.notDeepEqual(said, most, 'the rule decides otherwise than the largest logit');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
