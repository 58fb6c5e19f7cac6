import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertRowsFit, openRows, sampleRows } from '../../../src/pipeline/memory.js';
import { writeSet } from '../../../src/store/index.js';
import { clouds } from '../train/toy.js';

const dir = mkdtempSync(join(tmpdir(), 'equipoise-memory-'));
after(() => rmSync(dir, { recursive: true, force: true }));

test('rows stay on disk where they take more than the bound, a quarter of the memory by default', async () => {
  const store = await writeSet(join(dir, 'store'), clouds([7000, 2000]));
  // 9,000 rows of 4 float32 take 144,000 bytes.
  assert.ok('embeddings' in (await openRows(store, {})));
  assert.ok('embeddings' in (await openRows(store, {}, 144_000)));
  const set = await openRows(store, {}, 143_999);
  assert.ok('rows' in set);
  assert.equal(set.rows.memoryBytes, 143_999);
  // Every third row: the least stride by which at most 4,096 are left.
  const all = await store.read();
  const sample = await sampleRows(set);
  assert.deepEqual(sample.shape, [3000, 4]);
  assert.deepEqual(sample.data.subarray(4 * 1000, 4 * 1001), all.embeddings.data.subarray(4 * 3000, 4 * 3001));
  assert.equal(await sampleRows(all), all.embeddings);
});

test('what holds all rows says how much memory it needs before it begins', () => {
  assert.doesNotThrow(() => assertRowsFit('compare', 1000, 512));
  // Three times 4 bytes a number: a twelfth of the memory in numbers just fits.
  const most = Math.floor(totalmem() / 12 / 512);
  assert.throws(() => assertRowsFit('compare', 2 * most, 512), {
    code: 'ERR_ENVIRONMENT',
    message: /about [\d.]+ GiB of memory for compare.*this machine has [\d.]+ GiB.*equipoise train/,
  });
});
