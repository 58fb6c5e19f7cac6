/** `equipoise run` on each kind of input, and what can be done with the folder it leaves. */

import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { drawImages, writeIdx, writeKeel, writeTable, writeTexts } from './data.js';
import { asked, equipoise, fixtures, jsonLines, succeed, temporaryFolder, type Outcome } from './equipoise.js';

const dir = temporaryFolder();
const quick = ['--epochs', '8', '--threads', '1'];

interface Kind {
  readonly data: string;
  readonly options?: readonly string[];
  readonly classNames: readonly string[];
  /** Items given for training, and for testing where those are not held out of them. */
  readonly items: number;
  readonly given?: number;
  readonly modality: string;
  /** How the saved model is judged on the very test rows of the run. */
  readonly judge: readonly string[];
  /** What is predicted, and how many items that are. */
  readonly predict: readonly [data: string, items: number];
}

const kinds: Readonly<Record<string, Kind>> = {
  'class folders of images': {
    data: 'photos',
    options: ['--test', 'photos-test'],
    classNames: ['blue', 'green', 'red'],
    items: 50,
    given: 15,
    modality: 'image',
    judge: ['classifier.onnx', 'photos-test'],
    predict: ['photos-test', 15],
  },
  'IDX files with a test part beside them': {
    data: 'grey',
    classNames: ['0', '1', '2'],
    items: 48,
    given: 24,
    modality: 'image',
    judge: ['classifier.onnx', 'grey', '--part', 'test'],
    predict: ['grey', 48],
  },
  'a CSV of numbers': {
    data: 'table.csv',
    options: ['--sampling-strategy', '{"rare": 30}'],
    classNames: ['common', 'rare'],
    items: 60,
    modality: 'table',
    judge: ['head.onnx', 'store', '--split', 'default'],
    predict: ['table.csv', 60],
  },
  'a KEEL table with a nominal attribute': {
    data: 'shapes.dat',
    options: ['--strategy', 'smote', '--k-neighbors', '3'],
    classNames: ['common', 'rare'],
    items: 60,
    modality: 'table',
    judge: ['classifier.onnx', 'store', '--split', 'default'],
    predict: ['shapes.dat', 60],
  },
  'texts with a transformer': {
    data: 'questions.csv',
    options: ['--backbone', join(fixtures, 'tiny-bert')],
    classNames: ['where', 'who'],
    items: 36,
    modality: 'text',
    judge: ['head.onnx', 'store', '--split', 'default'],
    predict: ['questions.csv', 36],
  },
};

const told = new Map<Kind, Outcome>();

before(async () => {
  await drawImages(join(dir, 'photos'), { red: 30, green: 15, blue: 5 });
  await drawImages(join(dir, 'photos-test'), { red: 5, green: 5, blue: 5 }, 50);
  await writeTable(join(dir, 'table.csv'));
  await writeKeel(join(dir, 'shapes.dat'));
  await writeIdx(join(dir, 'grey'));
  await writeTexts(join(dir, 'questions.csv'));
  const waiting = Object.values(kinds);
  const runNext = async (): Promise<void> => {
    const kind = waiting.shift();
    if (kind === undefined) return;
    const { data, options = [] } = kind;
    told.set(kind, await succeed(dir, 'run', data, ...options, ...quick, '--out', `run-${data}`));
    return runNext();
  };
  await Promise.all([runNext(), runNext()]);
});

describe('a run', { concurrency: 2 }, () => {
  for (const [title, kind] of Object.entries(kinds))
    test(`on ${title} leaves a folder whose parts agree`, async () => {
      const out = `run-${kind.data}`;
      const inside = (name: string) => join(dir, out, name);
      saysTablesAndNotes(told.get(kind) as Outcome, kind);

      assert.deepEqual((await readdir(join(dir, out))).sort(), [
        'classifier.onnx',
        'config.json',
        'head.onnx',
        'report.html',
        'result.json',
        'store',
      ]);
      const result = JSON.parse(await readFile(inside('result.json'), 'utf8'));
      assert.deepEqual(result.dataset.classNames, kind.classNames);
      assert.equal(result.dataset.modality, kind.modality);
      assert.equal(result.backbone === null, kind.modality === 'table');
      const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
      const { train, validation, test: held } = result.split;
      assert.equal(sum(train) + sum(validation) + sum(held), kind.items + (kind.given ?? 0));
      if (kind.given !== undefined) assert.equal(sum(held), kind.given, 'given test data is the test part, whole');
      assert.deepEqual(
        result.exported.map(({ file }: { file: string }) => file),
        ['head.onnx', 'classifier.onnx'],
      );
      for (const { largestDifference, tolerance, rowsChecked } of result.exported)
        assert.ok(rowsChecked > 0 && largestDifference <= tolerance);
      assert.match(await readFile(inside('report.html'), 'utf8'), /<svg/);

      const [model = '', data = '', ...options] = kind.judge;
      const judged = await asked(dir, 'evaluate', inside(model), data === 'store' ? inside(data) : data, ...options);
      const [after] = result.strategies[0].evaluations;
      assert.deepEqual(judged.confusion, after.confusion, 'the saved model says what the trained head said');
      assert.equal(judged.balancedAccuracy, after.balancedAccuracy);
      assert.ok(judged.balancedAccuracy > 1 / kind.classNames.length, 'better than guessing');

      const { stdout } = await succeed(dir, 'predict', inside('classifier.onnx'), kind.predict[0]);
      const lines = jsonLines(stdout);
      assert.equal(new Set(lines.map(({ id }) => id)).size, kind.predict[1], 'every item once');
      assert.equal(lines.length, kind.predict[1]);
      for (const { label, probabilities, error } of lines) {
        assert.equal(error, undefined);
        assert.deepEqual(Object.keys(probabilities).sort(), [...kind.classNames].sort());
        assert.equal(probabilities[label], Math.max(...Object.values<number>(probabilities)));
      }
    });

  for (const data of ['photos', 'table.csv', 'questions.csv'])
    test(`is repeated from its config.json, to the byte: ${data}`, async () => {
      // From another folder, and with another number of threads: neither changes what comes out.
      const first = join(dir, `run-${data}`);
      const again = join(dir, `again-${data}`);
      const { config } = await asked(first, 'run', '--config', 'config.json', '--out', again, '--threads', '2');
      assert.equal(config.epochs, 8);
      for (const file of ['head.onnx', 'classifier.onnx', 'store/splits/default.arrow', 'store/shard-00000.arrow'])
        assert.deepEqual(await readFile(join(again, file)), await readFile(join(first, file)), file);
    });

  test('reads a folder of unlabelled images, and a table without its label column in another order', async () => {
    await drawImages(join(dir, 'new'), { red: 3 }, 90);
    const flat = join(dir, 'new', 'red');
    const photos = jsonLines((await succeed(dir, 'predict', 'run-photos/classifier.onnx', flat)).stdout);
    assert.deepEqual(
      photos.map(({ id, label }) => [id, label]),
      [
        ['90.jpg', 'red'],
        ['91.jpg', 'red'],
        ['92.jpg', 'red'],
      ],
    );

    const known = jsonLines((await succeed(dir, 'predict', 'run-table.csv/classifier.onnx', 'table.csv')).stdout);
    const [, ...rows] = (await readFile(join(dir, 'table.csv'), 'utf8')).trim().split('\n');
    const turned = rows.map((row) => row.split(',').slice(0, 2).reverse().join(','));
    await writeFile(join(dir, 'turned.csv'), `height,width\n${turned.join('\n')}\n`);
    const mapped = jsonLines((await succeed(dir, 'predict', 'run-table.csv/classifier.onnx', 'turned.csv')).stdout);
    assert.deepEqual(mapped, known, 'columns go by name, not by place');

    await writeFile(join(dir, 'narrow.csv'), `height,other\n${turned.join('\n')}\n`);
    const { code, stdout, stderr } = await equipoise(dir, 'predict', 'run-table.csv/classifier.onnx', 'narrow.csv');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /ERR_DATA: Expected the columns .* but the data has no "width"\. It has: height, other/);
  });

  test('whose classes are too small for a validation part trains without one', async () => {
    await drawImages(join(dir, 'tiny'), { red: 2, green: 2 });
    const result = await asked(dir, 'run', 'tiny', ...quick, '--out', 'run-tiny');
    assert.deepEqual(result.split, { seed: 0, train: [1, 1], validation: [0, 0], test: [1, 1] });
  });
});

/** Results on standard output, what was detected on standard error. */
function saysTablesAndNotes({ stdout, stderr }: Outcome, { modality }: Kind): void {
  assert.match(stdout, /balanced accuracy +\d\.\d{3} +\d\.\d{3}/);
  assert.match(stdout, /step +time +what was done/);
  assert.match(stdout, /classifier\.onnx is the classifier\.\n$/);
  assert.doesNotMatch(stderr, /balanced accuracy|error/i);
  if (modality === 'table') assert.match(stderr, /label (column|attribute) "kind"/);
}
