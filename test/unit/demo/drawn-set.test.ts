import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { drawLongTailedSet, longTailCounts } from '../../../src/demo/index.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'equipoise-demo-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const small = { largest: 4, smallest: 1, testPerClass: 1 };

async function allBytes(dir: string): Promise<Map<string, string>> {
  const files = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.jpg')).sort();
  const bytes = new Map<string, string>();
  for (const file of files) bytes.set(file, (await readFile(join(dir, file))).toString('base64'));
  return bytes;
}

test('ten classes fall from 300 to 6 pictures evenly on a log scale', () => {
  // 300 · 50^(−c/9): 300, 194.2, 125.8, 81.4, 52.7, 34.1, 22.1, 14.3, 9.27, 6.
  assert.deepEqual(longTailCounts(10, 300, 6), [300, 194, 126, 81, 53, 34, 22, 14, 9, 6]);
  assert.deepEqual(longTailCounts(1, 5, 2), [5]);
});

test('the set is class folders of real JPEG files, with the counts it reports', async () => {
  const drawn = await drawLongTailedSet(join(folder, 'counts'), small);
  assert.equal(drawn.reused, false);
  assert.ok(drawn.classNames.length >= 8);
  assert.deepEqual((await readdir(drawn.train)).sort(), [...drawn.classNames].sort());
  for (const [c, name] of drawn.classNames.entries()) {
    assert.equal((await readdir(join(drawn.train, name))).length, drawn.trainCounts[c]);
    assert.equal((await readdir(join(drawn.test, name))).length, 1);
  }
  const first = await readFile(join(drawn.train, 'circle', 'circle-0000.jpg'));
  const { format, width, height } = await sharp(first).metadata();
  assert.deepEqual([format, width, height], ['jpeg', 112, 112]);
});

test('the same seed draws the same bytes, another seed other bytes, and no picture is drawn twice', async () => {
  const [a, b, c] = ['seed-a', 'seed-b', 'seed-c'].map((name) => join(folder, name)) as [string, string, string];
  await drawLongTailedSet(a, { ...small, seed: 7 });
  await drawLongTailedSet(b, { ...small, seed: 7 });
  await drawLongTailedSet(c, { ...small, seed: 8 });
  const [first, second, third] = [await allBytes(a), await allBytes(b), await allBytes(c)];
  assert.deepEqual(first, second);
  const pictures = [...first.values(), ...third.values()];
  assert.equal(new Set(pictures).size, pictures.length);
});

test('a folder with this very set is reused; one with anything else is refused and left alone', async () => {
  const dir = join(folder, 'again');
  await drawLongTailedSet(dir, small);
  assert.equal((await drawLongTailedSet(dir, small)).reused, true);
  await assert.rejects(drawLongTailedSet(dir, { ...small, seed: 1 }), {
    code: 'ERR_DATA',
    message: /other settings/,
  });
  const foreign = join(folder, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'thesis.txt'), 'precious');
  await assert.rejects(drawLongTailedSet(foreign, small), { code: 'ERR_DATA', message: /holds other files/ });
  assert.equal(await readFile(join(foreign, 'thesis.txt'), 'utf8'), 'precious');
});

test('stopping leaves no folder that looks complete, and drawing again succeeds', async () => {
  const dir = join(folder, 'stopped');
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  await assert.rejects(drawLongTailedSet(dir, { ...small, signal: controller.signal, onProgress }), {
    code: 'ERR_ABORTED',
  });
  await assert.rejects(readdir(dir), { code: 'ENOENT' });
  assert.equal((await drawLongTailedSet(dir, small)).reused, false);
});

test('an unknown or impossible option is refused', async () => {
  const dir = join(folder, 'options');
  await assert.rejects(drawLongTailedSet(dir, { ...small, smallest: 0 }), { code: 'ERR_OPTION' });
  await assert.rejects(drawLongTailedSet(dir, { ...small, smallest: 5 }), { message: /at most largest \(4\)/ });
  await assert.rejects(drawLongTailedSet(dir, { largst: 3 } as object), { message: /Did you mean largest/ });
});
