import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBackbone, type Backbone } from '../../../src/backbone/index.js';
import { exportOnnx, loadClassifier, type Classifier, type Prediction } from '../../../src/classifier/index.js';
import type { Column } from '../../../src/core/embedding-set.js';
import { EquipoiseError } from '../../../src/core/errors.js';
import type { Item, ItemContent } from '../../../src/core/item.js';
import { matrix } from '../../../src/core/matrix.js';
import {
  describeModel,
  getMetadata,
  readModel,
  setMetadata,
  showTensor,
  subgraph,
  writeModel,
} from '../../../src/onnx/index.js';
import { embedAll, image, largestDifference, modelsDir, text } from '../backbone/fixtures.js';
import { linearHead } from './linear-head.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classifier-'));
});
after(() => rm(folder, { recursive: true }));

const classNames = ['cat', 'dog', '__proto__'];
const item = (id: string, content: ItemContent): Item => ({ id, source: id, label: null, content });
const row = (id: string, ...values: number[]) => item(id, { kind: 'row', values: Float32Array.from(values) });
const code = (wanted: string, why: RegExp) => (error: Error) =>
  error instanceof EquipoiseError && error.code === wanted && why.test(error.message);

async function collect(classifier: Classifier, items: Parameters<Classifier['predict']>[0], batchSize = 32) {
  const all: Prediction[] = [];
  for await (const prediction of classifier.predict(items, { batchSize, threads: 1 })) all.push(prediction);
  return all;
}

/** exp(l) / Σ exp(l), the definition. */
function softmax(logits: Float32Array): number[] {
  const powers = Array.from(logits, Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** What the file must say of each item: embedding, then the head in JavaScript. */
async function expectedProbabilities(backbone: Backbone, contents: ItemContent[]): Promise<number[][]> {
  const head = linearHead(backbone.dim, classNames);
  const vectors = await embedAll(backbone, contents);
  return Promise.all(
    vectors.map(async (vector) => softmax(await head.logits(matrix(Float32Array.from(vector), 1, backbone.dim)))),
  );
}

function agree(predictions: readonly Prediction[], expected: readonly number[][]) {
  assert.equal(predictions.length, expected.length);
  for (const [i, { label, probabilities }] of predictions.entries()) {
    const wanted = expected[i] ?? [];
    assert.deepEqual(Object.keys(probabilities), classNames);
    assert.ok(largestDifference(Object.values(probabilities), wanted) < 1e-5);
    assert.equal(label, classNames[wanted.indexOf(Math.max(...wanted))]);
  }
}

test('a head alone is exported, checked on every row and says the same when it is opened again', async () => {
  const path = join(folder, 'head.onnx');
  const head = linearHead(4, classNames);
  // 40 rows are two batches of the check.
  const rows = matrix(
    Float32Array.from({ length: 160 }, (_, i) => Math.sin(i)),
    40,
    4,
  );
  const report = await exportOnnx(head, { path, sampleRows: rows });
  const bytes = await readFile(path);
  assert.equal(report.rows, 40);
  assert.ok(report.withinTolerance && report.largestDifference <= report.tolerance && report.disagreements === 0);
  assert.equal(report.bytes, bytes.length);
  assert.equal(report.sha256, createHash('sha256').update(bytes).digest('hex'));
  const { inputs, outputs } = describeModel(readModel(bytes, path));
  assert.deepEqual([...inputs, ...outputs].map(showTensor), [
    'embedding float32 [batch,4]',
    'logits float32 [batch,3]',
    'probabilities float32 [batch,3]',
    'label int64 [batch]',
  ]);
  await using classifier = await loadClassifier(path);
  assert.deepEqual(classifier.classNames, classNames);
  assert.deepEqual([classifier.modality, classifier.dim, classifier.settings], ['table', 4, { strategy: 'by hand' }]);
  assert.ok(largestDifference([...(await classifier.logits(rows))], [...(await head.logits(rows))]) < 1e-5);
});

test('images go in and classes come out of one file, in order, bad ones marked', async () => {
  const path = join(folder, 'images.onnx');
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const contents = [1, 2, 3, 4, 5].map(image);
  const items = contents.map((content, i) => item(`i${i}`, content));
  const report = await exportOnnx(linearHead(12, classNames), { path, backbone, sampleItems: items, threads: 1 });
  assert.equal(report.rows, 5);
  assert.deepEqual(describeModel(readModel(await readFile(path), path)).outputs.map(showTensor), [
    'logits float32 [batch,3]',
    'probabilities float32 [batch,3]',
    'label int64 [batch]',
    'embedding float32 [batch,12]',
  ]);
  const bad = item('bad', { kind: 'encoded-image', bytes: new TextEncoder().encode('not an image') });
  await using classifier = await loadClassifier(path);
  assert.equal(classifier.backbone?.recipeHash, backbone.recipeHash);
  // Batches of 2: the bad one stands in the middle of the second, and the last has one item.
  const predictions = await collect(classifier, [...items.slice(0, 3), bad, ...items.slice(3), bad], 2);
  assert.deepEqual(
    predictions.map(({ id }) => id),
    ['i0', 'i1', 'i2', 'bad', 'i3', 'i4', 'bad'],
  );
  const failed = predictions.filter(({ label }) => label === null);
  assert.equal(failed.length, 2);
  assert.match(failed[0]?.error ?? '', /text, not an image/);
  agree(
    predictions.filter(({ label }) => label !== null),
    await expectedProbabilities(backbone, contents),
  );
});

test('texts go in and classes come out of one file that carries its tokenizer', async () => {
  const path = join(folder, 'texts.onnx');
  const backbone = await openBackbone(`${modelsDir}tiny-bert`);
  const contents = ['the cat sleeps', 'what is my old red train doing in the city ?', 'who eats a fish'].map(text);
  const items = contents.map((content, i) => item(`t${i}`, content));
  await exportOnnx(linearHead(16, classNames), { path, backbone, sampleItems: items, threads: 1 });
  await using classifier = await loadClassifier(path);
  assert.equal(classifier.modality, 'text');
  const predictions = await collect(classifier, [item('empty', text('')), ...items]);
  assert.match(predictions[0]?.error ?? '', /at least one known token/);
  agree(predictions.slice(1), await expectedProbabilities(backbone, contents));
  // The head inside the merged file, fed with embeddings.
  const head = linearHead(16, classNames);
  const rows = matrix(Float32Array.from((await embedAll(backbone, contents)).flat()), 3, 16);
  assert.ok(largestDifference([...(await classifier.logits(rows))], [...(await head.logits(rows))]) < 1e-4);
});

test('a float16 backbone and one for single rows are exported too', async () => {
  const twin = await openBackbone(`${modelsDir}tiny-cnn`);
  assert.ok(twin.recipe.modality === 'image');
  const options = { output: 'features', pool: 'gap', preprocess: twin.recipe.preprocess } as const;
  const items = [1, 2, 3].map((seed) => item(String(seed), image(seed)));
  for (const [name, share] of [
    ['tiny-cnn-fp16', 1e-2],
    ['tiny-cnn-fixed', 1e-4],
  ] as const) {
    const path = join(folder, `${name}.onnx`);
    const backbone = await openBackbone(modelsDir + name, options);
    const report = await exportOnnx(linearHead(12, classNames), { path, backbone, sampleItems: items, threads: 1 });
    assert.ok(report.tolerance >= share && report.tolerance < 100 * share, String(report.tolerance));
    await using classifier = await loadClassifier(path);
    assert.equal((await collect(classifier, items)).filter(({ label }) => label !== null).length, 3);
  }
});

test('a file that says something else than the head is not written', async () => {
  const path = join(folder, 'lie.onnx');
  const sampleRows = matrix(new Float32Array(8), 2, 4);
  // Logits of zero rows are the biases 0, 1/4, 1/2: tolerance 1e-4 · max(1, 1/2), difference 1e-3.
  const lying = linearHead(4, classNames, 1e-3);
  await assert.rejects(
    exportOnnx(lying, { path, sampleRows }),
    code('ERR_INTEGRITY', /differ by 0\.00(1|0999)\d* where 0\.0001 is allowed/),
  );
  assert.equal(
    (await readdir(folder)).some((name) => name.startsWith('lie')),
    false,
  );
  const report = await exportOnnx(lying, { path, sampleRows, allowDrift: true });
  assert.equal(report.withinTolerance, false);
  // A difference within the tolerance passes: 5e-5.
  assert.ok((await exportOnnx(linearHead(4, classNames, 5e-5), { path, sampleRows })).withinTolerance);
  await assert.rejects(
    exportOnnx(linearHead(4, classNames, NaN), { path, sampleRows }),
    code('ERR_INTEGRITY', /differ by Infinity/),
  );
});

test('exporting needs rows to check on, and options that fit', async () => {
  const head = linearHead(12, classNames);
  const path = join(folder, 'never.onnx');
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const sampleRows = matrix(new Float32Array(12), 1, 12);
  const bad = [item('bad', { kind: 'encoded-image', bytes: new Uint8Array(3) })];
  const cases: [Parameters<typeof exportOnnx>[1], string, RegExp][] = [
    [{ path }, 'ERR_OPTION', /sampleRows/],
    [{ path, backbone }, 'ERR_OPTION', /sampleItems/],
    [{ path, backbone, sampleItems: [], sampleRows }, 'ERR_OPTION', /Option sampleRows does not apply/],
    [{ path, backbone, sampleItems: bad }, 'ERR_OPTION', /at least one usable row/],
    [{ path, sampleRows, smapleItems: [] } as never, 'ERR_OPTION', /Unknown option exportOnnx\.smapleItems/],
    [{ path, sampleRows: matrix(new Float32Array(5), 1, 5) }, 'ERR_SHAPE', /5 columns but the head takes 12/],
    [{ path: join(folder, 'no/such/folder.onnx'), sampleRows }, 'ERR_ENVIRONMENT', /Cannot write/],
  ];
  for (const [options, wanted, why] of cases) await assert.rejects(exportOnnx(head, options), code(wanted, why));
  await assert.rejects(
    exportOnnx(linearHead(5, classNames), { path, backbone, sampleItems: [] }),
    code('ERR_SHAPE', /embeddings of 5 numbers but tiny-cnn gives 12/),
  );
  assert.equal(
    (await readdir(folder)).some((name) => name.startsWith('never')),
    false,
  );
});

const column = (name: string): Column => ({ name, kind: 'numeric' });
const level = (source: string, value: string): Column => ({
  name: `${source}=${value}`,
  kind: 'one-hot',
  source,
  level: value,
});

test('the columns of a table are found by name; what cannot be mapped is told', async () => {
  const path = join(folder, 'table.onnx');
  const head = linearHead(4, classNames);
  const columns = [column('age'), level('colour', 'red'), level('colour', 'blue'), column('size')];
  await exportOnnx(head, { path, columns, sampleRows: matrix(Float32Array.of(1, 0, 1, 2), 1, 4) });
  await using classifier = await loadClassifier(path);
  const table = (given: Column[], ...items: Item[]) => Object.assign(items, { columns: given });
  const [same] = await collect(classifier, [row('a', 30, 1, 0, 2)]);
  // Another order, a column more, and no blue at all.
  const [mapped] = await collect(
    classifier,
    table([column('size'), column('id'), column('age'), level('colour', 'red')], row('a', 2, 77, 30, 1)),
  );
  assert.deepEqual(mapped, same);
  const green = [column('age'), column('size'), level('colour', 'green'), level('colour', 'red')];
  const [known, unknown] = await collect(classifier, table(green, row('a', 30, 2, 0, 1), row('b', 30, 2, 1, 0)));
  assert.deepEqual(known, same);
  assert.match(unknown?.error ?? '', /Column "colour" has the value "green", which the training data did not have/);
  await assert.rejects(
    collect(classifier, table([column('age')], row('a', 1))),
    code('ERR_DATA', /has no "colour=red", "colour=blue", "size"/),
  );
});

test('rows of another length, of another kind or with NaN get an error of their own', async () => {
  await using classifier = await loadClassifier(join(folder, 'head.onnx'));
  const items = [row('short', 1, 2), row('nan', 1, NaN, 3, 4), item('text', text('x')), row('good', 1, 2, 3, 4)];
  const predictions = await collect(classifier, items);
  assert.deepEqual(
    predictions.map(({ error }) => error ?? 'fine'),
    [
      'Expected a row of 4 numbers but received 2',
      'The row has a non-finite value (NaN) in column 1',
      'Expected a row of numbers but received an item of kind text',
      'fine',
    ],
  );
});

test('a reader that stops early and a source that fails leave no thread behind', async () => {
  await using classifier = await loadClassifier(join(folder, 'head.onnx'));
  async function* endless() {
    for (let i = 0; ; i++) yield row(String(i), i, 0, 0, 0);
  }
  for await (const { id } of classifier.predict(endless(), { batchSize: 4, threads: 1 })) if (id === '9') break;
  async function* failing() {
    yield row('0', 0, 0, 0, 0);
    throw new EquipoiseError('ERR_DATA', 'the file ends here');
  }
  await assert.rejects(collect(classifier, failing(), 1), code('ERR_DATA', /the file ends here/));
  const stopped = AbortSignal.abort();
  await assert.rejects(classifier.predict(endless(), { signal: stopped }).next(), code('ERR_ABORTED', /predicting/));
});

test('an ONNX file that is no classifier, or was changed, is refused', async () => {
  await assert.rejects(
    loadClassifier(`${modelsDir}tiny-cnn/model.onnx`),
    code('ERR_DATA', /no classifier: its metadata has no equipoise\.format/),
  );
  const bytes = await readFile(join(folder, 'head.onnx'));
  const cases: [string, string, RegExp][] = [
    ['equipoise.format', '2', /format 2 and this version reads 1/],
    ['equipoise.classNames', '["cat"]', /outputs do not fit its class names/],
    ['equipoise.decision', '{"offsets":[0,1]}', /one finite number for each of its 3 classes/],
    ['equipoise.recipe', '{"modality":"table","dim":4', /equipoise\.recipe is not JSON/],
    ['equipoise.recipe', '{"modality":"sound"}', /recipe is of an unknown kind/],
    ['equipoise.recipe', '{"modality":"image","input":{"name":"x"},"preprocess":{}}', /inputs do not fit its recipe/],
  ];
  for (const [key, value, why] of cases) {
    const model = readModel(bytes, 'head');
    const changed = setMetadata(model, { ...getMetadata(model), [key]: value });
    const path = join(folder, 'changed.onnx');
    await writeFile(path, writeModel(changed));
    await assert.rejects(loadClassifier(path), code('ERR_DATA', why), `${key} ${value}`);
  }
});

test('a file from before there were decisions still opens and names the most probable class', async () => {
  const path = join(folder, 'old.onnx');
  const model = readModel(await readFile(join(folder, 'head.onnx')), 'head');
  const old = setMetadata(subgraph(model, { outputs: ['logits', 'probabilities'] }), getMetadata(model));
  await writeFile(path, writeModel(old));
  await using before = await loadClassifier(path);
  await using now = await loadClassifier(join(folder, 'head.onnx'));
  const items = Array.from({ length: 9 }, (_, i) => row(String(i), Math.sin(i), Math.cos(i), i / 9, 1));
  assert.deepEqual(await collect(before, items), await collect(now, items));
});

test('a graph whose logits are right and whose labels are not is refused', async () => {
  const sampleRows = matrix(Float32Array.of(1, 2, 3, 4, -1, 0, 2, 1), 2, 4);
  await assert.rejects(
    exportOnnx(linearHead(4, classNames, 0, 'ArgMin'), { path: join(folder, 'labels.onnx'), sampleRows }),
    code('ERR_INTEGRITY', /2 of 2 rows get another class/),
  );
});
