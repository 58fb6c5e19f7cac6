/** The steps of a run one by one, each command on what the one before left. */

import assert from 'node:assert/strict';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { createRng } from '../../src/core/rng.js';
import { openStore } from '../../src/store/index.js';
import { drawImages, writeMixedTable, writeTexts } from './data.js';
import { asked, equipoise, fixtures, jsonLines, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
const quick = ['--epochs', '8'];

before(async () => {
  await drawImages(at('photos'), { red: 30, green: 15, blue: 6 });
  await succeed(dir, 'embed', 'photos', '--out', 'store', '--shard-size', '20', '--backbone', 'tiny-image');
  await succeed(dir, 'split', 'store', '--test', '0.2', '--validation', '0.1', '--seed', '1');
  await succeed(dir, 'train', 'store', '--split', 'default', '--strategy', 'eos', ...quick, '--out', 'head.onnx');
});

describe('steps apart', { concurrency: 2 }, () => {
  test('embed and split leave a store that inspect describes', async () => {
    assert.deepEqual((await readdir(at('store'))).sort(), [
      'manifest.json',
      'rows.arrow',
      'shard-00000.arrow',
      'shard-00001.arrow',
      'shard-00002.arrow',
      'splits',
    ]);
    const store = await asked(dir, 'inspect', 'store', '--leaks');
    assert.deepEqual(store.classes, [
      { name: 'blue', count: 6 },
      { name: 'green', count: 15 },
      { name: 'red', count: 30 },
    ]);
    assert.equal(store.imbalanceRatio, 5);
    // 51 rows: round(10.2) test rows and round(5.1) validation rows.
    assert.deepEqual(store.splits, { default: { train: 36, validation: 5, test: 10 } });
    assert.equal(store.leaks.default.clean, true);
    const data = await asked(dir, 'inspect', 'photos');
    assert.deepEqual([data.kind, data.format, data.count], ['dataset', 'image-folder', 51]);
    const { kind, model } = await asked(dir, 'inspect', 'head.onnx');
    assert.deepEqual([kind, model.inputs[0].name, model.inputs[0].shape], ['model', 'embedding', ['batch', 128]]);
  });

  test('rows that stay on disk give the same files and the same words', async () => {
    const split = ['--split', 'default'];
    const pairs: [string, string[]][] = [
      ['train', ['store', ...split, '--strategy', 'eos', ...quick, '--out', 'small.onnx']],
      ['evaluate', ['head.onnx', 'store', ...split, '--part', 'train']],
      ['calibrate', ['head.onnx', 'store', ...split, '--calibration', 'temperature', '--out', 'small-sure.onnx']],
      ['resample', ['store', ...split, '--sampler', 'smote', '--out', 'small-balanced', '--overwrite']],
      ['inspect', ['store', '--leaks', '--near-threshold', '0.1']],
    ];
    const written = async (file: string) => readFile(at(file)).catch(() => undefined);
    for (const [command, given] of pairs) {
      const file = given[given.indexOf('--out') + 1] as string;
      const output = command === 'resample' ? join(file, 'manifest.json') : file;
      // 20 rows of 128 numbers at a time.
      const found = await asked(dir, command, ...given, '--memory', '10KB');
      const left = await written(output);
      const wanted = await asked(dir, command, ...given);
      // Fewer rows are checked on disk than in memory only where there are thousands.
      assert.deepEqual(found, wanted, command);
      assert.deepEqual(left, await written(output), command);
    }
    const said = await equipoise(dir, 'train', 'store', ...split, ...quick, '--out', 'small.onnx', '--memory', '10KB');
    assert.match(said.stderr, /36 x 128 rows stay on disk/);
    const wrong = await equipoise(dir, 'train', 'store', ...split, '--out', 'small.onnx', '--memory', 'half');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /size such as 512MB/);
    const useless = await equipoise(dir, 'evaluate', 'classifier.onnx', 'photos', '--memory', '1GB');
    assert.notEqual(useless.code, 0);
  });

  test('inspect --leaks ends with 1 where rows of both sides are the same, and tells them', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 4},${i % 3},${i % 2 ? 'odd' : 'even'}`);
    await writeFile(at('twins.csv'), `a,b,kind\n${rows.join('\n')}\n`);
    await succeed(dir, 'embed', 'twins.csv', '--out', 'twins');
    await succeed(dir, 'split', 'twins');
    const { code, stdout, stderr } = await equipoise(dir, 'inspect', 'twins', '--leaks', '--json');
    assert.equal(code, 1);
    assert.match(stderr, /ERR_DATA: twins leaks between the parts of a split/);
    const { ok, result } = JSON.parse(stdout);
    assert.equal(ok, false);
    assert.ok(result.leaks.default.duplicates.length > 0);
  });

  test('a CSV of numbers and words goes through smote-nc, apart and in a run, and its classifier reads new rows', async () => {
    await writeMixedTable(at('mixed.csv'));
    const embedded = await succeed(dir, 'embed', 'mixed.csv', '--out', 'mixed', '--categorical', 'code');
    assert.match(
      embedded.stderr,
      /categorical columns, one-hot: colour \(3 levels\), shape \(2 levels\), code \(3 levels\)/,
    );
    await succeed(dir, 'split', 'mixed');
    const { synthetic } = await asked(
      dir,
      'resample',
      'mixed',
      '--split',
      'default',
      '--sampler',
      'smote-nc',
      '--out',
      'mixed-balanced',
    );
    assert.ok(synthetic > 0);
    const { embeddings, labels } = await (await openStore(at('mixed-balanced'))).read();
    // Two numbers, then one-hot groups of 3, 2 and 3: every group of every row sums to 1, votes and all.
    for (let row = 0; row < labels.length; row++) {
      const values = Array.from(embeddings.data.subarray(row * 10, (row + 1) * 10));
      const groups = [values.slice(2, 5), values.slice(5, 7), values.slice(7, 10)];
      assert.deepEqual(
        groups.map((group) => group.reduce((a, b) => a + b, 0)),
        [1, 1, 1],
      );
    }
    const chosen = ['--strategy', 'resampling', '--sampler', 'smote-nc', '--sampler-options', '{"kNeighbors":3}'];
    const result = await asked(
      dir,
      'run',
      'mixed.csv',
      '--categorical',
      'code',
      ...chosen,
      ...quick,
      '--out',
      'mixed-run',
    );
    const { resampling } = result.strategies.find(({ strategy }: { strategy: string }) => strategy === 'resampling');
    assert.deepEqual([resampling.sampler, resampling.options.kNeighbors], ['smote-nc', 3]);
    const lines = (await readFile(at('mixed.csv'), 'utf8')).trimEnd().split('\n');
    const unlabelled = lines.slice(0, 6).map((line) => line.replace(/,[^,]*$/, ''));
    await writeFile(at('new.csv'), `${unlabelled.join('\n')}\n`);
    const predicted = jsonLines((await succeed(dir, 'predict', 'mixed-run/classifier.onnx', 'new.csv')).stdout);
    assert.deepEqual(
      predicted.map(({ error, label }) => [error, typeof label]),
      Array.from({ length: 5 }, () => [undefined, 'string']),
    );
  });

  test('resample with several samplers runs one after the other, and gives each the options that it has', async () => {
    const pair = ['store', '--split', 'default', '--sampler', 'tomek-links,smote'];
    const made = await asked(dir, 'resample', ...pair, '--k-neighbors', '1', '--out', 'cleaned');
    const [first, ...rest] = made.perClass.map(({ after }: { after: number }) => after);
    assert.deepEqual(rest, [first, first]);
    const { provenance } = await asked(dir, 'inspect', 'cleaned');
    assert.match(provenance[0].id, /^pipeline-/);
    for (const [more, words] of [
      [['--reach', 'any', '--out', 'none'], /None of tomek-links, smote has an option --reach/],
      [['--dry-run'], /one sampler for --dry-run/],
    ] as const) {
      const { code, stderr } = await equipoise(dir, 'resample', ...pair, ...more);
      assert.equal(code, 2);
      assert.match(stderr, words);
    }
  });

  test('inspect --leaks holds a resampled store against the held-out rows of the one it was made from', async () => {
    await succeed(dir, 'embed', 'photos', '--out', 'shots', '--backbone', 'tiny-image');
    await succeed(dir, 'split', 'shots', '--seed', '1');
    await succeed(dir, 'resample', 'shots', '--split', 'default', '--sampler', 'smote', '--out', 'more');
    const alone = await equipoise(dir, 'inspect', 'more', '--leaks');
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /ERR_OPTION: Expected the store it was made from/);
    const told = await succeed(dir, 'inspect', 'more', '--leaks', '--of', 'shots');
    assert.match(told.stdout, /smote-0 = \S+\.jpg \+ 0\.\d{4} · \(\S+\.jpg − \S+\.jpg\)/);
    assert.match(told.stdout, /split default: no leaks/);
    // By another split, rows that were trained on are held out.
    await succeed(dir, 'split', 'shots', '--name', 'other', '--seed', '2');
    const { code, stdout } = await equipoise(dir, 'inspect', 'more', '--leaks', '--of', 'shots', '--json');
    const { leaks } = JSON.parse(stdout).result;
    assert.equal(code, 1);
    assert.equal(leaks.default.clean, true);
    assert.ok(leaks.other.syntheticParents.length > 0);
    assert.ok(leaks.other.duplicates.length > 0);
    const stranger = await equipoise(dir, 'inspect', 'more', '--leaks', '--of', 'twins-none');
    assert.equal(stranger.code, 1);
  });

  test('splitting again asks for another name or --overwrite', async () => {
    const refused = await equipoise(dir, 'split', 'store', '--seed', '2');
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /ERR_OPTION: .*overwrite/);
    const same = await succeed(dir, 'split', 'store', '--seed', '1');
    assert.equal(same.stdout, 'split default: train 36, validation 5, test 10\n');
  });

  test('resample says the counts, then makes a store of training rows with their parents', async () => {
    const without = await equipoise(dir, 'resample', 'store', '--dry-run');
    assert.equal(without.code, 2);
    assert.match(without.stderr, /ERR_OPTION: store has the splits default\. Name one with --split/);

    const options = ['store', '--split', 'default', '--sampler', 'eos', '--reach', 'any'];
    const counts = await asked(dir, 'resample', ...options, '--dry-run');
    const most = Math.max(...counts.perClass.map(({ before }: { before: number }) => before));
    for (const { after } of counts.perClass) assert.equal(after, most);
    const made = await asked(dir, 'resample', ...options, '--out', 'balanced');
    assert.deepEqual([made.rows, made.synthetic], [3 * most, 3 * most - 36]);

    const balanced = await asked(dir, 'inspect', 'balanced');
    assert.equal(balanced.resampled, true);
    assert.equal(balanced.provenance.length, 5);
    const { id, base, other, step } = balanced.provenance[0];
    assert.equal(id, 'eos-0');
    assert.match(base, /^(blue|green)\//);
    assert.notEqual(base.split('/')[0], other.split('/')[0], 'the other row is an enemy');
    assert.ok(step >= 0 && step < 1);
    assert.match((await succeed(dir, 'inspect', 'balanced')).stdout, /eos-0 = \S+ \+ 0\.\d{4} · \(\S+ − \S+\)/);

    // All of it is training rows: it trains, and it neither judges nor splits.
    await succeed(dir, 'train', 'balanced', '--strategy', 'ce', ...quick, '--out', 'from-balanced.onnx');
    for (const [command, words] of [
      [['evaluate', 'head.onnx', 'balanced'], /resampled/],
      [['split', 'balanced'], /resampled/],
      [['resample', 'balanced', '--out', 'twice'], /holds synthetic ones already/],
    ] as const) {
      const { code, stderr } = await equipoise(dir, ...command);
      assert.equal(code, 1);
      assert.match(stderr, words);
    }
  });

  test('the head says the same on its store, behind its backbone, and in the file they make together', async () => {
    const judged = await asked(dir, 'evaluate', 'head.onnx', 'store', '--split', 'default', '--part', 'test');
    assert.equal(
      judged.confusion.flat().reduce((sum: number, n: number) => sum + n, 0),
      10,
    );
    const whole = await asked(dir, 'evaluate', 'head.onnx', 'store');
    const report = await asked(dir, 'bundle', 'head.onnx', '--data', 'photos', '--out', 'classifier.onnx');
    assert.ok(report.rows === 32 && report.largestDifference <= report.tolerance);
    const items = await asked(dir, 'evaluate', 'classifier.onnx', 'photos');
    assert.deepEqual(items.confusion, whole.confusion);
    const lines = jsonLines((await succeed(dir, 'predict', 'classifier.onnx', 'photos')).stdout);
    const right = lines.filter(({ id, label }) => id.startsWith(`${label}/`)).length;
    assert.equal(right / lines.length, whole.accuracy);
  });

  test('what is fitted while training, or afterwards, is in the bundle and decides in predict', async () => {
    await drawImages(at('many'), { red: 60, green: 30, blue: 15 });
    await succeed(dir, 'embed', 'many', '--out', 'many-store', '--backbone', 'tiny-image');
    await succeed(dir, 'split', 'many-store', '--test', '0.2', '--validation', '0.4');
    const rows = ['many-store', '--split', 'default'];
    // A balanced training that has hardly begun, so that there is something to mend.
    const training = ['--strategy', 'class-weights', '--epochs', '1', '--learning-rate', '0.002'];
    const fitting = ['--calibration', 'prior-shift,temperature', '--target-prior', '1,2,4', '--decision', 'macro-f1'];
    const trained = await asked(dir, 'train', ...rows, ...training, ...fitting, '--out', 'sure.onnx');
    const [shift, temperature] = trained.fit.calibration;
    assert.deepEqual(shift.target, [1 / 7, 2 / 7, 4 / 7]);
    assert.ok(temperature.temperature !== 1);
    await succeed(dir, 'train', ...rows, ...training, '--out', 'plain.onnx');
    const afterwards = await asked(dir, 'calibrate', 'plain.onnx', ...rows, ...fitting, '--out', 'later.onnx');
    assert.deepEqual(afterwards.fit, trained.fit);
    const { stdout } = await succeed(dir, 'calibrate', 'plain.onnx', ...rows, ...fitting, '--out', 'again.onnx');
    assert.match(stdout, /thresholds for macro-f1: 0\.\d{3} before, [01]\.\d{3} after/);

    await succeed(dir, 'bundle', 'later.onnx', '--data', 'many', '--out', 'sure-classifier.onnx');
    const whole = await asked(dir, 'evaluate', 'sure.onnx', 'many-store');
    const items = await asked(dir, 'evaluate', 'sure-classifier.onnx', 'many');
    assert.deepEqual(items.confusion, whole.confusion);
    const lines = jsonLines((await succeed(dir, 'predict', 'sure-classifier.onnx', 'many')).stdout);
    const right = lines.filter(({ id, label }) => id.startsWith(`${label}/`)).length;
    assert.equal(right / lines.length, whole.accuracy);
    const most = (probabilities: Record<string, number>) =>
      Object.entries(probabilities).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
    assert.ok(
      lines.some(({ label, probabilities }) => label !== most(probabilities)),
      'thresholds decide otherwise than the largest probability, for some',
    );

    for (const [args, words] of [
      [['calibrate', 'plain.onnx', ...rows, '--out', 'x.onnx'], /Expected something to fit/],
      [
        ['calibrate', 'plain.onnx', 'many-store', '--calibration', 'temperature', '--out', 'x.onnx'],
        /Name one with --split/,
      ],
      [
        ['train', ...rows, '--target-prior', 'uniform', '--out', 'x.onnx'],
        /needs a calibration that has it: .*prior-shift/,
      ],
      [['train', ...rows, '--calibration', 'temprature', '--out', 'x.onnx'], /Did you mean temperature/],
    ] as const) {
      const { code, stderr } = await equipoise(dir, ...args);
      assert.equal(code, 2);
      assert.match(stderr, words);
    }
  });

  test('a head is not joined with, or judged on, what another backbone made', async () => {
    await writeTexts(at('questions.csv'));
    await succeed(dir, 'embed', 'questions.csv', '--backbone', join(fixtures, 'tiny-bert'), '--out', 'texts');
    for (const args of [
      ['bundle', 'head.onnx', '--backbone', join(fixtures, 'tiny-cnn'), '--data', 'photos', '--out', 'wrong.onnx'],
      ['evaluate', 'head.onnx', 'texts'],
    ]) {
      const { code, stderr } = await equipoise(dir, ...args);
      assert.equal(code, 1);
      assert.match(stderr, /ERR_INTEGRITY: head\.onnx was trained on embeddings of tiny-image@/);
    }
    await assert.rejects(stat(at('wrong.onnx')));
  });

  test('embeddings go out in every format and come back the same', async () => {
    for (const [to, file, ...labels] of [
      ['npy', 'e.npy', '--labels', 'e.labels.csv'],
      ['csv', 'e.csv'],
      ['parquet', 'e.parquet'],
      ['safetensors', 'e.safetensors'],
      ['arrow', 'e.arrow'],
    ] as const) {
      const { files } = await asked(dir, 'export', 'store', '--to', to, '--out', file);
      assert.ok(files.length > 0);
      const back = [...labels].map((name) => (name.startsWith('--') ? name : (files[1] as string)));
      const after = await asked(dir, 'import', file, ...back, '--out', `from-${to}`);
      assert.deepEqual([after.rows, after.dim, after.classNames], [51, 128, ['blue', 'green', 'red']], to);
    }
    const again = await equipoise(dir, 'export', 'store', '--to', 'csv', '--out', 'e.csv');
    assert.equal(again.code, 2);
    assert.match(again.stderr, /ERR_OPTION: .*e\.csv.*overwrite/);
  });

  test('compare prints a row a strategy and says what is noise', async () => {
    const args = ['compare', 'store', '--strategies', 'ce,eos', '--seeds', '2', ...quick];
    const { rows, parts, seeds } = await asked(dir, ...args, '--split', 'default');
    const baselines = ['ce', 'class-weights', 'logit-adjustment', 'random-over-sampling'];
    assert.deepEqual(rows.map(({ name }: { name: string }) => name).sort(), [...baselines, 'eos'].sort());
    assert.deepEqual([parts, seeds], [{ train: 36, validation: 5, test: 10 }, [0, 1]]);
    const { stdout, stderr } = await succeed(dir, ...args);
    assert.match(stdout, /eos +\d\.\d{3} \(± \d\.\d{3}\)/);
    assert.match(stderr, /each seed divides all rows of store anew; --split default keeps the split/);
  });

  test('report writes the page of a run again', async () => {
    await writeFile(at('t.csv'), table());
    await succeed(dir, 'run', 't.csv', ...quick, '--out', 'run');
    const page = await readFile(at('run', 'report.html'), 'utf8');
    await writeFile(at('run', 'report.html'), 'lost');
    const { stdout } = await succeed(dir, 'report', 'run');
    assert.match(stdout, /balanced accuracy/);
    assert.equal((await readFile(at('run', 'report.html'), 'utf8')).slice(0, 200), page.slice(0, 200));
    const { code, stderr } = await equipoise(dir, 'report', 'store');
    assert.equal(code, 1);
    assert.match(stderr, /ERR_DATA: Expected a finished run in store/);
  });

  test('models and doctor tell what is here', async () => {
    const { backbones } = await asked(dir, 'models', 'verify');
    assert.deepEqual(
      backbones
        .filter(({ files }: { files: string }) => !files.startsWith('not here'))
        .map(({ id, files }: Record<string, unknown>) => [id, files]),
      [['tiny-image', 'ok']],
    );
    assert.match((await succeed(dir, 'models', 'list')).stdout, /tiny-image +image +128 +here/);
    const { ok, checks } = await asked(dir, 'doctor');
    assert.equal(ok, true);
    assert.deepEqual(
      checks.map(({ name }: { name: string }) => name),
      ['kernels', 'onnxruntime', 'images'],
    );
  });

  test('augmented copies stay in the training part, whatever they are made of', async () => {
    const args = ['embed', 'photos', '--augment', 'flip-crop:2', '--shard-size', '20'];
    const { rows, items } = await asked(dir, ...args, '--out', 'augmented');
    assert.deepEqual([items, rows], [51, 153]);
    const { train, validation, test: held } = await asked(dir, 'split', 'augmented');
    assert.deepEqual([train, validation, held], [36 * 3, 5, 10], 'three rows an item in training, one elsewhere');
    assert.equal((await asked(dir, 'inspect', 'augmented', '--leaks')).leaks.default.clean, true);

    await writeTexts(at('q.csv'));
    const bert = ['--backbone', join(fixtures, 'tiny-bert')];
    assert.equal((await asked(dir, 'embed', 'q.csv', ...bert, '--augment', 'eda:4', '--out', 'q')).rows, 36 * 5);
    for (const [augment, words] of [
      ['eda:2', /Expected an augmenter for image items but eda alters text items/],
      ['flip-crops:2', /Unknown augmenter "flip-crops"\. Did you mean flip-crop or flip-crop-color\?/],
      ['flip-crop', /Expected NAME:COPIES, such as eda:4, or file:PATH for --augment/],
    ] as const) {
      const { code, stderr } = await equipoise(dir, 'embed', 'photos', '--augment', augment, '--out', 'none');
      assert.equal(code, 2);
      assert.match(stderr, words);
    }
  });

  test('copies that were made beforehand, such as translations, are embedded beside their originals', async () => {
    await writeTexts(at('texts.csv'));
    await writeFile(at('german.csv'), 'parent,text\n0,another way to say it\n3,once more\n0,and a third time\n');
    const bert = ['--backbone', join(fixtures, 'tiny-bert')];
    const args = ['embed', 'texts.csv', ...bert, '--augment', 'file:german.csv', '--out', 'translated'];
    assert.equal((await asked(dir, ...args)).rows, 36 + 3);
    const { train, validation, test: held } = await asked(dir, 'split', 'translated');
    assert.ok(validation + held < 36 && train + validation + held <= 39);
    await writeFile(at('stray.csv'), 'parent,text\nnobody,x y\n');
    const { code, stderr } = await equipoise(dir, ...args.slice(0, -3), 'file:stray.csv', '--out', 'none');
    assert.equal(code, 1);
    assert.match(stderr, /stray has copies of "nobody", which is the id of no item of texts/);
  });

  test('rows with any number of labels are imported, split, trained on, judged and predicted', async () => {
    const draws = createRng(1, 'tags').at(0);
    const lines = Array.from({ length: 120 }, () => {
      const tags = ['sea', 'sky', 'tree'].filter(() => draws.uniform() < 0.4);
      const numbers = ['sea', 'sky', 'tree'].map((tag) => (tags.includes(tag) ? 2 : 0) + draws.uniform());
      return `${numbers.map((v) => v.toFixed(3)).join(',')},${tags.join(';')}`;
    });
    await writeFile(at('tags.csv'), `a,b,c,label\n${lines.join('\n')}\n`);
    await succeed(dir, 'import', 'tags.csv', '--label-separator', ';', '--out', 'tags');
    await succeed(dir, 'split', 'tags');
    const tagging = ['train', 'tags', '--split', 'default', '--out', 'tags.onnx', '--epochs', '30'];
    const wrong = await equipoise(dir, ...tagging, '--strategy', 'smote');
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /Strategies for these: binary-cross-entropy, class-weights-sigmoid, focal-sigmoid, asl-sigmoid, eql/,
    );
    const { evaluation } = await asked(dir, ...tagging, '--strategy', 'binary-cross-entropy');
    assert.ok(evaluation.meanAveragePrecision > 0.95, evaluation.meanAveragePrecision);
    const judged = await equipoise(dir, 'evaluate', 'tags.onnx', 'tags', '--split', 'default');
    assert.match(judged.stdout, /macro F1 .* mean average precision .* Hamming loss .* subset accuracy/);
    await writeFile(at('new.csv'), 'a,b,c\n2.5,0.5,2.5\n0.5,0.5,0.5\n');
    const lists = jsonLines((await succeed(dir, 'predict', 'tags.onnx', 'new.csv')).stdout);
    assert.deepEqual(
      lists.map(({ label, labels }) => [label === null, labels]),
      [
        [false, ['sea', 'tree']],
        [true, []],
      ],
    );
  });
});

/** Two numbers and a class: the rare one lies to the right. */
function table(): string {
  const draws = createRng(1, 'table').at(0);
  const rows = Array.from(
    { length: 50 },
    (_, i) => `${draws.uniform() + (i % 5 ? 0 : 1)},${draws.uniform()},${i % 5 ? 'many' : 'few'}`,
  );
  return `a,b,kind\n${rows.join('\n')}\n`;
}
