/** Wrong input through the command line: what is said, the exit code, and that nothing is lost or changed. */

import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { drawImages, tableRows, writeTable, writeTexts } from './data.js';
import { asked, equipoise, fixtures, jsonLines, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
const quick = ['--epochs', '3', '--threads', '1'];

/** The command ends with this exit code and says this, and makes nothing of that name. */
async function refuses(args: readonly string[], code: 1 | 2, words: RegExp, makes?: string): Promise<void> {
  const outcome = await equipoise(dir, ...args);
  assert.equal(outcome.code, code, `${args.join(' ')}\n${outcome.stdout}${outcome.stderr}`);
  assert.match(outcome.stderr, words);
  assert.equal(outcome.stdout, '', 'an error is no result');
  if (makes !== undefined) await assert.rejects(stat(at(makes)), { code: 'ENOENT' });
}

/** Every file under a folder with its bytes. */
async function contents(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.sort().map(async (path) => [path, await readFile(path, 'base64')] as const)));
}

/** A PNG that says 20,000 x 20,000 in its header and has nothing behind it. */
function hugePng(): Buffer {
  const header = Buffer.alloc(33);
  Buffer.from('89504e470d0a1a0a', 'hex').copy(header);
  header.writeUInt32BE(13, 8);
  header.write('IHDR', 12, 'latin1');
  header.writeUInt32BE(20_000, 16);
  header.writeUInt32BE(20_000, 20);
  Buffer.from([8, 2, 0, 0, 0]).copy(header, 24);
  // The CRC-32 of these very bytes.
  header.writeUInt32BE(crc32(header.subarray(12, 29)), 29);
  return header;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

before(async () => {
  await drawImages(at('photos'), { red: 12, green: 8, blue: 4 });
  await writeTable(at('table.csv'), 40);
  await writeTexts(at('questions.csv'));
});

describe('data that cannot be learnt from', { concurrency: 2 }, () => {
  test('an empty folder and a path that is not there', async () => {
    await mkdir(at('empty'));
    await refuses(
      ['run', 'empty', '--out', 'r1'],
      1,
      /ERR_DATA: Expected a dataset at .*empty but found an empty folder/,
      'r1',
    );
    await refuses(['run', 'nowhere', '--out', 'r2'], 1, /ERR_DATA: Expected a file or folder at nowhere/, 'r2');
    await mkdir(at('hollow', 'red'), { recursive: true });
    await refuses(['embed', 'hollow', '--out', 'r3'], 1, /ERR_DATA: .*hollow has no image/, 'r3');
  });

  test('one class only', async () => {
    await drawImages(at('single'), { red: 4 });
    await refuses(
      ['run', 'single', '--out', 'r4'],
      1,
      /ERR_DATA: Expected at least two classes in .*single but found only "red"/,
      'r4',
    );
    await succeed(dir, 'embed', 'single', '--out', 'single-store');
    await refuses(['split', 'single-store'], 1, /ERR_DATA: Expected rows of at least two classes/);
    assert.deepEqual((await asked(dir, 'inspect', 'single-store')).splits, {});
    await refuses(['train', 'single-store', '--out', 'r5.onnx'], 1, /ERR_DATA: .*classes/, 'r5.onnx');
  });

  test('a class with one image is trained on, and the strategy says what it did for it', async () => {
    await drawImages(at('lonely'), { red: 12, green: 8, blue: 1 });
    const result = await asked(dir, 'run', 'lonely', ...quick, '--strategy', 'smote', '--out', 'lonely-run');
    assert.deepEqual([result.dataset.classNames[0], result.split.train[0], result.split.test[0]], ['blue', 1, 0]);
    const [blue] = result.strategies[0].resampling.perClass;
    assert.equal(blue.before, 1);
    assert.equal(typeof blue.fallback, 'string');
  });

  test('test data of classes that the training data does not have', async () => {
    await drawImages(at('strange'), { red: 2, green: 2 });
    await drawImages(at('strange-train'), { red: 3, blue: 3 });
    await refuses(
      ['run', 'strange-train', '--test', 'strange', '--out', 'r6'],
      1,
      /ERR_DATA: Expected the classes of the test data among those of the training data \(blue, red\) but strange also has green/,
      'r6',
    );
  });

  test('NaN in embeddings, and labels of another length', async () => {
    const [a = '', b = '', ...rest] = tableRows(20);
    await writeFile(at('nan.csv'), ['x,y,label', a, b.replace(/^[^,]+/, 'NaN'), ...rest].join('\n'));
    await refuses(['import', 'nan.csv', '--out', 'n1'], 1, /ERR_DATA: .*NaN/, 'n1');
    await writeFile(at('nan.npy'), npy(3, 2, [0, 1, 2, NaN, 4, 5]));
    await writeFile(at('three.csv'), 'label\na\nb\na\n');
    await refuses(
      ['import', 'nan.npy', '--labels', 'three.csv', '--out', 'n2'],
      1,
      /ERR_DATA: .*non-finite value \(NaN\) in column 1/,
      'n2',
    );
    await writeFile(at('four.npy'), npy(4, 2, [0, 1, 2, 3, 4, 5, 6, 7]));
    await refuses(['import', 'four.npy', '--labels', 'three.csv', '--out', 'n3'], 1, /ERR_SHAPE: .*3.*4/, 'n3');
  });
});

describe('tables', { concurrency: 2 }, () => {
  const rows = tableRows(20);
  const cases: readonly (readonly [
    title: string,
    lines: readonly string[],
    options: readonly string[],
    words: RegExp,
  ])[] = [
    [
      'without the label column that was named',
      ['width,height,kind', ...rows],
      ['--label', 'kin'],
      /Expected a column "kin" for label in .*\.csv but it has none of that name\. Did you mean kind\? Columns: width, height, kind/,
    ],
    [
      'with a ragged row',
      ['width,height,kind', ...rows.slice(0, 4), '1,2', ...rows.slice(4)],
      [],
      /Expected 3 fields in line 6 of .*\.csv as in line 1 but found 2/,
    ],
    [
      'with NaN',
      ['width,height,kind', 'NaN,1,rare', ...rows],
      [],
      /Expected a number in line 2, column "width" of .*\.csv but received the missing value "NaN"/,
    ],
    [
      'with a word among numbers',
      ['width,height,kind', ...rows.slice(0, 2), '1,tall,rare', ...rows],
      [],
      /Expected a number in line 4, column "height" of .*\.csv but received "tall"/,
    ],
    [
      'with repeated ids',
      ['id,width,height,kind', ...rows.map((row, i) => `r${i % 19},${row}`)],
      [],
      /Ids must be unique but "r0" is the id of .*:2 and of .*:21/,
    ],
  ];
  for (const [index, [title, lines, options, words]] of cases.entries())
    test(title, async () => {
      const file = `t${index}.csv`;
      await writeFile(at(file), `${lines.join('\n')}\n`);
      const out = `run-${file}`;
      await refuses(['run', file, ...options, '--out', out], 1, new RegExp(`ERR_DATA: ${words.source}`), out);
    });
});

describe('images that cannot be read', { concurrency: 2 }, () => {
  test('each is skipped with its reason, the ids of the others stay aligned, and too many stop the work', async () => {
    await drawImages(at('damaged'), { red: 10, green: 8 });
    await drawImages(at('damaged'), { blue: 3 });
    const whole = await readFile(at('damaged', 'red', '00.jpg'));
    await writeFile(at('damaged', 'red', '01.jpg'), whole.subarray(0, whole.length / 2));
    await writeFile(at('damaged', 'red', '02.jpg'), 'not a picture\n');
    await writeFile(at('damaged', 'red', '03.jpg'), '');
    await writeFile(at('damaged', 'green', '04.png'), hugePng());
    await symlink(at('nowhere.jpg'), at('damaged', 'green', '90.jpg'));
    // Root reads everything, so only the link is unreadable for it.
    const locked = process.getuid?.() !== 0;
    if (locked) await chmod(at('damaged', 'blue', '00.jpg'), 0);
    const bad = new Map([
      ['red/01.jpg', /a truncated file/],
      ['red/02.jpg', /text, not an image/],
      ['red/03.jpg', /0 bytes/],
      ['green/04.png', /20000 x 20000 = 400,000,000 pixels, more than the limit/],
      ['green/90.jpg', /a file that cannot be read \(ENOENT/],
      ...(locked ? [['blue/00.jpg', /a file that cannot be read \(EACCES/] as const] : []),
    ]);
    const items = 23;
    const tooMany = (failed: string) =>
      new RegExp(
        `ERR_DATA: Expected at most 1 % of the items to fail but ${failed} of ${items} \\(.*\\) did\\. First: .*All are in failures\\.jsonl.*--max-fail-rate`,
      );
    const failuresOf = async (run: string) => jsonLines(await readFile(at(run, 'store', 'failures.jsonl'), 'utf8'));
    await refuses(['run', 'damaged', ...quick, '--out', 'damaged-whole'], 1, tooMany(String(bad.size)));
    const listed = await failuresOf('damaged-whole');
    assert.deepEqual(listed.map(({ id }) => id).sort(), [...bad.keys()].sort());
    for (const { id, reason } of listed) assert.match(reason, bad.get(id) as RegExp);
    await assert.rejects(stat(at('damaged-whole', 'result.json')), 'it does not count as done');

    // In shards: the first one with too many, which is the second, ends the work; the next one may be under way.
    const args = ['run', 'damaged', ...quick, '--shard-size', '7', '--out', 'damaged-run'];
    await refuses(args, 1, tooMany('[2-5]'));
    const before = await failuresOf('damaged-run');
    assert.deepEqual(before, listed.slice(0, before.length));

    // What was embedded is there: allowing more goes on from it.
    const shards = await contents(at('damaged-run', 'store'));
    await refuses(
      [...args, '--max-fail-rate', '0.28'],
      1,
      /ERR_DATA: Expected at most 28 % of each class to fail but class "(red|blue)" lost/,
    );
    const result = await asked(dir, ...args, '--max-fail-rate', '0.34');
    assert.deepEqual(
      result.failures.map(({ id }: { id: string }) => id),
      listed.map(({ id }) => id),
    );
    const after = await contents(at('damaged-run', 'store'));
    for (const [path, bytes] of shards)
      if (/shard-/.test(path)) assert.equal(after.get(path), bytes, 'no shard was made again');

    const lines = jsonLines((await equipoise(dir, 'predict', 'damaged-run/classifier.onnx', 'damaged')).stdout);
    assert.equal(lines.length, items, 'a line for every item, bad ones too');
    for (const { id, label, error } of lines) {
      assert.equal(label === null, bad.has(id));
      if (bad.has(id)) assert.match(error, bad.get(id) as RegExp);
    }
    await refuses(
      ['evaluate', 'damaged-run/classifier.onnx', 'damaged'],
      1,
      /ERR_DATA: Expected at most 1 % of the items to fail/,
    );
    const judged = await asked(dir, 'evaluate', 'damaged-run/classifier.onnx', 'damaged', '--max-fail-rate', '1');
    assert.equal(judged.failures.length, bad.size);
  });

  test('a rare class that loses more than its share stops the work though few items failed', async () => {
    await drawImages(at('rare'), { red: 30, blue: 3 });
    await writeFile(at('rare', 'blue', '01.jpg'), 'gone');
    const args = ['embed', 'rare', '--augment', 'flip-crop:2', '--out', 'rare-store', '--max-fail-rate'];
    await refuses(
      [...args, '0.1'],
      1,
      /ERR_DATA: Expected at most 10 % of each class to fail but class "blue" lost 1 of 3 \(33\.3 %\)\. First: rare\/blue\/01\.jpg/,
    );
    const told = await succeed(dir, ...args, '0.34');
    // The copies of a lost image are lost with it: they would have no parent.
    assert.match(
      told.stdout,
      /32 of 33 items and 64 copies embedded as 128 numbers each in rare-store; 1 failed \(failures\.jsonl\)/,
    );
    assert.equal((await asked(dir, 'inspect', 'rare-store')).failures, 1);
  });
});

describe('wrong options', { concurrency: 2 }, () => {
  const model = (name: string) => join(fixtures, name);
  const cases: readonly (readonly [title: string, args: readonly string[], code: 1 | 2, words: RegExp])[] = [
    [
      'a backbone id',
      ['run', 'photos', '--backbone', 'tiny-imge'],
      2,
      /ERR_OPTION: Unknown backbone "tiny-imge"\. Did you mean tiny-image\?/,
    ],
    [
      'an ONNX file that is not one',
      ['run', 'photos', '--backbone', 'fake.onnx', '--preprocess', 'imagenet'],
      1,
      /ERR_DATA: .*fake\.onnx is not an ONNX model/,
    ],
    [
      'a backbone of another kind of item',
      ['run', 'photos', '--backbone', model('tiny-bert')],
      2,
      /ERR_OPTION: Expected a backbone for image items .* but tiny-bert takes text/,
    ],
    [
      'text without a backbone',
      ['run', 'questions.csv'],
      2,
      /ERR_OPTION: Expected a backbone for the text dataset questions: there is no built-in one/,
    ],
    [
      'a backbone for a table',
      ['run', 'table.csv', '--pool', 'mean'],
      2,
      /ERR_OPTION: Expected no backbone .* for the table table/,
    ],
    [
      'an option',
      ['run', 'photos', '--stratgy', 'eos'],
      2,
      /ERR_OPTION: Unknown option --stratgy for "equipoise run"\. Did you mean --strategy\?/,
    ],
    ['a command', ['runn', 'photos'], 2, /ERR_OPTION: Unknown command "runn"\. Did you mean run\?/],
    [
      'a strategy',
      ['run', 'photos', '--strategy', 'eoss'],
      2,
      /ERR_OPTION: Unknown strategy "eoss"\. Did you mean eos\?/,
    ],
    [
      'an option of another strategy',
      ['run', 'photos', '--strategy', 'ce', '--k-neighbors', '3'],
      2,
      /ERR_OPTION: Unknown option ce\.kNeighbors/,
    ],
    [
      'a sampler',
      ['resample', 'store', '--sampler', 'smot'],
      2,
      /ERR_OPTION: Unknown sampler "smot"\. Did you mean smote\b/,
    ],
    [
      'words where auto or a number fits',
      ['run', 'photos', '--epochs', 'some'],
      2,
      /ERR_OPTION: Expected integer >= 0, or 'auto' for run\.epochs but received "some"/,
    ],
    ['no threads', ['run', 'photos', '--threads', '0'], 2, /ERR_OPTION: Expected .*1 or more for run\.threads/],
    [
      'a format',
      ['run', 'photos', '--format', 'idxx'],
      2,
      /ERR_OPTION: Unknown dataset format "idxx"\. Did you mean idx\?/,
    ],
    ['no place to write', ['embed', 'photos'], 2, /ERR_OPTION: Expected a store folder for --out but received nothing/],
    ['an export format', ['export', 'store', '--to', 'xlsx', '--out', 'none'], 2, /ERR_OPTION: .*parquet/],
  ];
  before(async () => {
    await writeFile(at('fake.onnx'), 'certainly no model');
    await succeed(dir, 'embed', 'photos', '--out', 'store');
  });
  for (const [title, args, code, words] of cases)
    test(title, () => refuses(args[0] === 'run' ? [...args, '--out', 'none'] : args, code, words, 'none'));

  test('an input size that the graph does not take', async () => {
    const spec = JSON.parse(await readFile(join(model('tiny-cnn'), 'backbone.json'), 'utf8'));
    await mkdir(at('wide'));
    await writeFile(at('wide', 'model.onnx'), await readFile(join(model('tiny-cnn-fixed'), 'model.onnx')));
    const { sha256: _, bytes: __, ...onnx } = { ...spec.onnx, file: 'model.onnx' };
    const [height, width] = spec.input.size;
    const input = { ...spec.input, size: [2 * height, 2 * width] };
    await writeFile(at('wide', 'backbone.json'), JSON.stringify({ ...spec, onnx, input }));
    const words = new RegExp(
      `ERR_OPTION: Expected input .* to take NCHW images of 3 x ${2 * height} x ${2 * width}, as declared, but it is .*\\[1,3,${height},${width}\\]`,
    );
    await refuses(['run', 'photos', '--backbone', 'wide', '--out', 'none-wide'], 2, words, 'none-wide');
  });
});

describe('folders that are taken', { concurrency: 2 }, () => {
  test('foreign content is refused and left as it was', async () => {
    await mkdir(at('foreign'));
    await writeFile(at('foreign', 'thesis.txt'), 'years of work');
    const before = await contents(at('foreign'));
    for (const args of [
      ['run', 'table.csv', '--out', 'foreign'],
      ['run', 'table.csv', '--out', 'foreign', '--overwrite'],
      ['embed', 'table.csv', '--out', 'foreign', '--overwrite'],
      ['demo', '--out', 'foreign'],
    ])
      await refuses(args, 2, /ERR_OPTION: Expected .*foreign holds .*thesis\.txt.*Nothing was/);
    await refuses(['run', 'table.csv', '--out', 'foreign/thesis.txt'], 2, /ERR_OPTION: Expected a folder for --out/);
    assert.deepEqual(await contents(at('foreign')), before);
  });

  test('a finished run or store asks for --overwrite, an unfinished run for its own settings', async () => {
    const args = ['run', 'table.csv', ...quick, '--out', 'taken'];
    await succeed(dir, ...args);
    const before = await contents(at('taken'));
    await refuses(args, 2, /ERR_OPTION: taken holds a finished run\. Replace it with --overwrite/);
    await succeed(dir, 'embed', 'table.csv', '--out', 'taken-store');
    await refuses(
      ['embed', 'table.csv', '--out', 'taken-store'],
      2,
      /ERR_OPTION: taken-store holds a finished store .*--overwrite/,
    );
    assert.deepEqual(await contents(at('taken')), before);
    await succeed(dir, ...args, '--overwrite', '--seed', '1');
    assert.equal(JSON.parse(await readFile(at('taken', 'result.json'), 'utf8')).config.seed, 1);
  });
});

/** A float32 matrix as NumPy writes it. */
function npy(rows: number, cols: number, values: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`;
  const padded = `${header.padEnd(64 - 10 - 1 + 64)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  const data = Buffer.from(Float32Array.from(values).buffer);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(padded, 'latin1'), data]);
}
