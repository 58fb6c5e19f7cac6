// Can another program read a store as it is? Writes a small store, then reads shards, rows and exports with Polars.
// Run by hand after a build: node scripts/check-shard-readers.mjs. Polars is installed in a temporary folder, needs the npm registry.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportEmbeddings } from '../dist/src/interchange/index.js';
import { writeStore } from '../dist/src/store/index.js';

// The last version whose binary runs on Node 20.
const POLARS = 'nodejs-polars@0.24.1';

const root = mkdtempSync(join(tmpdir(), 'equipoise-readers-'));
try {
  writeFileSync(join(root, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', POLARS], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pl = createRequire(join(root, 'package.json'))('nodejs-polars');

  const data = Float32Array.of(0, -1, 0.1, 3e-42, 65504, 1 / 3);
  const rows = [
    { id: 'a,1', source: 'one', label: 'dog', group: 'g', weight: 0.5 },
    { id: 'b', source: 'two', label: null },
    { id: 'ünï', source: 'three', label: 'cat' },
  ];
  const content = { embeddings: { data, rows: 3, cols: 2 }, rows, classNames: ['dog', 'cat'] };
  const store = await writeStore(join(root, 'store'), content);
  const parquet = join(root, 'store.parquet');
  await exportEmbeddings(store, { to: 'parquet', path: parquet });

  const embeddings = [0, 1, 2].map((i) => [...data.subarray(i * 2, i * 2 + 2)]);
  const read = (name) => pl.readIPC(readFileSync(join(store.dir, name))).toRecords();
  const shard = read('shard-00000.arrow');
  assert.deepEqual(
    shard.map((row) => [row.id, [...row.embedding]]),
    rows.map((row, i) => [row.id, embeddings[i]]),
  );
  assert.deepEqual(
    read('rows.arrow').map(({ id, label, group, weight }) => [id, label, group, weight]),
    rows.map(({ id, label, group = null, weight = null }) => [id, label, group, weight]),
  );
  assert.deepEqual(
    pl
      .readParquet(readFileSync(parquet))
      .toRecords()
      .map((row) => [row.id, row.label, [...row.embedding]]),
    rows.map((row, i) => [row.id, row.label, embeddings[i]]),
  );
  console.log(`${POLARS} reads shards, rows.arrow and the parquet export: ids, labels and every number as written`);
} finally {
  rmSync(root, { recursive: true });
}
