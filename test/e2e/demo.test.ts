/** `equipoise demo`, as someone sees it first. */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { succeed, temporaryFolder } from './equipoise.js';

test('demo draws a long-tailed set, does the whole job on it and prints the recall of every class', async () => {
  const dir = temporaryFolder();
  const { stdout, stderr } = await succeed(dir, 'demo', '--seeds', '1');
  assert.match(stderr, /drew 1\d\d\d images of 10 classes/);
  assert.match(stderr, /backbone tiny-image \(the built-in default for images\)/);
  const result = JSON.parse(await readFile(join(dir, 'equipoise-demo', 'run', 'result.json'), 'utf8'));

  // A line a class: name, training and test images, recall of each strategy, what EOS changed.
  const columns = /^class +train +test +ce +eos +random-over-sampling +eos − ce$/m;
  assert.match(stdout, columns);
  const [ce, eos, over] = [result.baseline, ...result.strategies];
  assert.deepEqual([ce.strategy, eos.strategy, over.strategy], ['ce', 'eos', 'random-over-sampling']);
  for (const [c, name] of (result.dataset.classNames as string[]).entries()) {
    const recalls = [ce, eos, over].map(({ perClass }) => perClass[c].recall.toFixed(3)).join(' +');
    assert.match(stdout, new RegExp(`^${name} +${result.split.train[c]} +40 +${recalls} +[+−]?0\\.\\d{3}$`, 'm'));
  }
  const counts = result.dataset.parts[0].perClass as number[];
  assert.ok(counts.length >= 8 && Math.max(...counts) / Math.min(...counts) >= 50);

  // Neither hopeless nor solved, and each strategy better than guessing one of ten.
  for (const { evaluations } of [ce, eos, over]) {
    assert.equal(evaluations.length, 1);
    assert.ok(evaluations[0].balancedAccuracy > 0.4 && evaluations[0].balancedAccuracy < 0.97);
  }
  for (const step of ['open', 'embed', 'split', 'train ce', 'train eos', 'export', 'report'])
    assert.match(stdout, new RegExp(`^${step} +\\d+\\.\\d\\d s`, 'm'));
  assert.deepEqual((await readdir(join(dir, 'equipoise-demo'))).sort(), ['data', 'run']);
});
