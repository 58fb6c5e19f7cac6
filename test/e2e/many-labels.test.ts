/** Pictures with any number of labels, from a file of lists to predictions, as a user does it. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';
import { createRng } from '../../src/core/rng.js';
import { asked, equipoise, jsonLines, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);

/** Each colour is a block of its own place, brighter where the picture has it; the last one is rare. */
const colours = { red: [220, 40, 40], green: [40, 200, 60], blue: [50, 60, 230] } as const;
const names = Object.keys(colours) as (keyof typeof colours)[];
const rates = [0.6, 0.35, 0.12];

/** @param strengthOf how much of each colour there is, from 0 to 1. */
async function draw(path: string, strengthOf: (name: string) => number, index: number): Promise<void> {
  const size = 24;
  const draws = createRng(11, 'many-labels').at(index);
  const pixels = Buffer.alloc(size * size * 3);
  const strengths = names.map(strengthOf);
  for (let i = 0; i < size * size; i++) {
    const place = Math.floor((i % size) / (size / names.length));
    colours[names[place] as keyof typeof colours].forEach((value, c) => {
      const shade = 120 + (strengths[place] as number) * (value - 120) + 60 * (draws.uniform() - 0.5);
      pixels[3 * i + c] = Math.max(0, Math.min(255, shade));
    });
  }
  await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(path);
}

before(async () => {
  await mkdir(at('img'));
  const draws = createRng(12, 'labels').at(0);
  const items = Array.from({ length: 160 }, (_, i) => ({
    image: `img/${String(i).padStart(3, '0')}.png`,
    labels: names.filter((_, c) => draws.uniform() < (rates[c] as number)),
  }));
  // Weak ones with a label and strong ones without it overlap, so that one half need not be the best threshold.
  const strengths = items.map(({ labels }) =>
    Object.fromEntries(
      names.map((name) => [name, labels.includes(name) ? 0.2 + 0.6 * draws.uniform() : 0.35 * draws.uniform()]),
    ),
  );
  await Promise.all(items.map(({ image }, i) => draw(at(image), (name) => strengths[i]?.[name] as number, i)));
  await writeFile(at('set.jsonl'), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  await writeFile(
    at('set.csv'),
    `image,labels\n${items.map(({ image, labels }) => `${image},${labels.join('|')}`).join('\n')}\n`,
  );
  await writeFile(
    at('columns.csv'),
    `image,${names.join(',')}\n${items.map(({ image, labels }) => `${image},${names.map((name) => (labels.includes(name) ? 1 : 0)).join(',')}`).join('\n')}\n`,
  );
  await mkdir(at('new'));
  await draw(at('new', 'a.png'), (name) => (name === 'green' ? 0 : 1), 1000);
  await draw(at('new', 'b.png'), () => 0, 1001);
  const { stderr } = await succeed(
    dir,
    'run',
    'set.jsonl',
    '--out',
    'done',
    '--seeds',
    '2',
    '--epochs',
    '60',
    '--decision',
    'macro-f1',
  );
  assert.match(stderr, /lists of labels in column "labels"/);
  assert.match(stderr, /any number of labels: asl-sigmoid against binary-cross-entropy/);
});

describe('items with any number of labels', { concurrency: 2 }, () => {
  test('a run leaves a head, a classifier, a report and a result that speak of lists of labels', async () => {
    const result = JSON.parse(await readFile(at('done', 'result.json'), 'utf8'));
    assert.deepEqual([result.dataset.targets, result.dataset.classNames], ['many', ['blue', 'green', 'red']]);
    assert.equal(result.split.rows.train + result.split.rows.validation + result.split.rows.test, 160);
    assert.deepEqual(
      [result.baseline.strategy, result.strategies[0].strategy],
      ['binary-cross-entropy', 'asl-sigmoid'],
    );
    assert.deepEqual(
      result.comparisons.map(({ metric, interval }: { metric: string; interval: unknown }) => [
        metric,
        interval !== null,
      ]),
      [
        ['macroF1', true],
        ['meanAveragePrecision', false],
        ['microF1', false],
        ['balancedAccuracy', false],
      ],
    );
    const [evaluation] = result.strategies[0].evaluations;
    assert.ok(evaluation.meanAveragePrecision > 0.8, evaluation.meanAveragePrecision);
    assert.ok(evaluation.perClass.some(({ threshold }: { threshold: number }) => threshold !== 0.5));
    assert.equal(result.strategies[0].decision.fits[0].decision.metric, 'macro-f1');
    for (const { file, largestDifference, tolerance } of result.exported) {
      assert.ok(existsSync(at('done', file)));
      assert.ok(largestDifference <= tolerance);
    }
    const page = await readFile(at('done', 'report.html'), 'utf8');
    assert.match(page, /mean average precision/);
    assert.match(page, /thresholds for macro-f1/);
    assert.doesNotMatch(page, /Confusions|NaN|undefined/);
  });

  test('predictions are lists, and judging the file says what judging the head says', async () => {
    const predicted = jsonLines((await succeed(dir, 'predict', 'done/classifier.onnx', 'new')).stdout);
    assert.deepEqual(
      predicted.map(({ labels }) => labels),
      [['blue', 'red'], []],
    );
    const whole = await asked(dir, 'evaluate', 'done/classifier.onnx', 'set.jsonl');
    const head = await asked(dir, 'evaluate', 'done/head.onnx', 'done/store');
    assert.deepEqual(
      whole['perClass'].map(({ threshold }: { threshold: number }) => threshold),
      head['perClass'].map(({ threshold }: { threshold: number }) => threshold),
    );
    assert.equal(whole['rows'], 160);
    assert.ok(Math.abs(whole['macroF1'] - head['macroF1']) < 1e-9);
    const printed = await succeed(dir, 'evaluate', 'done/head.onnx', 'done/store', '--split', 'default');
    assert.match(printed.stdout, /average precision\s+threshold/);
    const { code, stderr } = await equipoise(dir, 'evaluate', 'done/classifier.onnx', 'columns.csv', '--label', 'red');
    assert.equal(code, 1);
    assert.match(stderr, /Expected lists of labels in columns/);
  });

  test('columns, separators and lists are the same set; inspecting says how many labels there are', async () => {
    const { classes, targets, withoutClass } = await asked(dir, 'inspect', 'set.jsonl');
    assert.equal(targets, 'many');
    assert.ok(withoutClass > 0);
    for (const args of [
      ['set.csv', '--label', 'labels', '--label-separator', '|'],
      ['columns.csv', '--label-columns', names.join(',')],
    ])
      assert.deepEqual((await asked(dir, 'inspect', ...args))['classes'], classes);
    assert.match(
      (await succeed(dir, 'inspect', 'done/store')).stdout,
      /any number of labels an item: 1\.\d\d on average, \d+ items with none/,
    );
  });

  test('all strategies for such rows are compared, the others named; options are searched', async () => {
    const { stdout } = await succeed(
      dir,
      'compare',
      'done/store',
      '--strategies',
      'all',
      '--seeds',
      '2',
      '--epochs',
      '20',
      '--decision',
      'macro-f1',
      '--out',
      'compared',
    );
    assert.match(stdout, /5 strategies, 2 seeds; .* held against binary-cross-entropy/);
    assert.match(stdout, /strategy\s+macro F1\s+balanced accuracy\s+micro F1\s+mean average precision/);
    assert.match(stdout, /Left out, for they are for rows with one label each: ce, /);
    const { metric, best } = await asked(
      dir,
      'tune',
      'done/store',
      '--strategy',
      'focal-sigmoid',
      '--space',
      'gamma=0,2',
      '--epochs',
      '9',
    );
    assert.deepEqual([metric, best.strategy], ['macroF1', 'focal-sigmoid']);
    const page = await readFile(at('compared', 'leaderboard.html'), 'utf8');
    assert.match(page, /Hamming loss, log loss/);
    assert.doesNotMatch(page, /NaN|undefined/);
  });

  test('thresholds are tuned anew for a saved head, and travel on into the classifier', async () => {
    const calibrating = ['calibrate', 'done/head.onnx', 'done/store', '--split', 'default', '--out', 'sure.onnx'];
    const { fit } = await asked(dir, ...calibrating, '--decision', 'balanced-accuracy');
    assert.equal(fit.decision.thresholds.length, 3);
    const bundled = await asked(
      dir,
      'bundle',
      'sure.onnx',
      '--backbone',
      'tiny-image',
      '--data',
      'set.jsonl',
      '--out',
      'whole.onnx',
    );
    assert.ok(bundled['largestDifference'] <= bundled['tolerance']);
    const { perClass } = await asked(dir, 'evaluate', 'whole.onnx', 'set.jsonl');
    assert.deepEqual(
      perClass.map(({ threshold }: { threshold: number }) => threshold),
      fit.decision.thresholds,
    );
    const { code, stderr } = await equipoise(dir, ...calibrating, '--calibration', 'temperature');
    assert.equal(code, 2);
    assert.match(stderr, /none, for rows with any number of labels/);
  });

  test('what is for items with one label is refused before the long work', async () => {
    for (const [args, message] of [
      [
        ['--strategy', 'eos'],
        /Strategy eos is for rows with one label each .* Strategies for these: binary-cross-entropy/,
      ],
      [['--baselines', 'ce'], /Strategy ce is for rows with one label each/],
      [['--decision', 'accuracy'], /one of macro-f1, balanced-accuracy, for rows with any number of labels/],
    ] as const) {
      const { code, stderr } = await equipoise(dir, 'run', 'set.jsonl', '--out', 'none', ...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.ok(!existsSync(at('none')));
    }
  });
});
