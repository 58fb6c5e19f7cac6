/** Work that is stopped: by the user, by a kill, by a full disk. The same command goes on, and nothing of it shows in the result. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createRng } from '../../src/core/rng.js';
import { drawImages, writeTable } from './data.js';
import { equipoise, program, start, succeed, temporaryFolder, type Outcome } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
/** Slow on purpose: one item a batch, three a shard. */
const slowly = ['--shard-size', '3', '--threads', '1'];

const embedding = ['embed', 'photos', ...slowly, '--batch-size', '2', '--augment', 'flip-crop:1'];
const running = ['run', 'photos', ...slowly, '--embed-batch-size', '1', '--epochs', '5'];

before(async () => {
  await drawImages(at('photos'), { red: 120, green: 50, blue: 10 });
  await Promise.all([
    succeed(dir, ...embedding, '--out', 'whole-store'),
    succeed(dir, ...running, '--out', 'whole-run'),
  ]);
});

/** Starts the command and sends the signal once the file is there. */
async function stopWhen(file: string, signal: NodeJS.Signals, args: readonly string[]): Promise<Outcome> {
  const { child, outcome } = start(dir, args);
  let ended = false;
  void outcome.then(() => (ended = true));
  while (!existsSync(at(file))) {
    assert.ok(!ended, `it ended before ${file} was there: ${(await Promise.race([outcome, wait(0)]))?.stderr}`);
    await wait(2);
  }
  child.kill(signal);
  return outcome;
}

/** Files under a folder with their bytes, but for what tells of the place and the time. */
async function bytesOf(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = paths.filter((path) => !/(config\.json|result\.json|report\.html)$/.test(path)).sort();
  return Object.fromEntries(
    await Promise.all(kept.map(async (path) => [relative(folder, path), await readFile(path, 'base64')] as const)),
  );
}

const shardsDone = async (store: string) =>
  (JSON.parse(await readFile(at(store, 'manifest.json'), 'utf8')) as { shards: unknown[] }).shards.length;

describe('stopped work', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const)
    test(`embedding stopped by ${signal} goes on where it was, to the same bytes`, async () => {
      const out = `store-${signal}`;
      const stopped = await stopWhen(`${out}/shard-00002.arrow`, signal, [...embedding, '--out', out]);
      if (signal === 'SIGINT') {
        assert.equal(stopped.code, 1);
        assert.match(stopped.stderr, /stopping \(SIGINT\)[^]*error ERR_ABORTED: Stopped while embedding/);
        assert.ok(!(await readdir(at(out))).some((name) => name.includes('partial')), 'nothing half written is left');
      } else assert.equal(stopped.code, null);
      assert.equal(stopped.stdout, '');
      const done = await shardsDone(out);
      assert.ok(done >= 2 && done < 60, `${done} of 60 shards were done`);
      const first = (await stat(at(out, 'shard-00000.arrow'))).mtimeMs;

      await succeed(dir, ...embedding, '--out', out);
      assert.equal((await stat(at(out, 'shard-00000.arrow'))).mtimeMs, first, 'what was done is not done again');
      assert.deepEqual(await bytesOf(at(out)), await bytesOf(at('whole-store')));
    });

  test('embedding killed again and again, at any moment, ends with the same bytes', async () => {
    const draws = createRng(11, 'kills').at(0);
    let kills = 0;
    for (;;) {
      const { child, outcome } = start(dir, [...embedding, '--out', 'store-killed']);
      // From before the first file to well into the shards.
      const timer = kills < 10 ? setTimeout(() => child.kill('SIGKILL'), 250 + 900 * draws.uniform()) : undefined;
      const { code } = await outcome;
      clearTimeout(timer);
      if (code === 0) break;
      assert.equal(code, null);
      kills++;
    }
    assert.ok(kills > 1, 'it was killed more than once');
    assert.deepEqual(await bytesOf(at('store-killed')), await bytesOf(at('whole-store')));
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const)
    test(`a run stopped by ${signal} while it embeds leaves what an undisturbed one leaves`, async () => {
      const out = `run-${signal}`;
      const stopped = await stopWhen(`${out}/store/shard-00001.arrow`, signal, [...running, '--out', out]);
      assert.equal(stopped.code, signal === 'SIGINT' ? 1 : null);
      assert.deepEqual((await readdir(at(out))).sort(), ['config.json', 'store']);
      const resumed = await succeed(dir, ...running, '--out', out);
      assert.match(resumed.stderr, new RegExp(`resuming the unfinished run in ${out}`));
      assert.deepEqual(await bytesOf(at(out)), await bytesOf(at('whole-run')));
    });

  test('training stops at once; the run is resumed with its own settings, or replaced', async () => {
    await writeTable(at('table.csv'));
    const args = ['run', 'table.csv', '--out', 'run-table'];
    // Minutes of training, were it not stopped.
    const endless = [...args, '--epochs', '10000000'];
    const stopped = await stopWhen('run-table/store/splits/default.arrow', 'SIGINT', endless);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /ERR_ABORTED: Stopped while (training|comparing)/);
    assert.deepEqual((await readdir(at('run-table'))).sort(), ['config.json', 'store']);

    const other = await equipoise(dir, ...args, '--epochs', '3');
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /ERR_OPTION: run-table holds an unfinished run with other settings: epochs \(10000000 there, 3 now\)/,
    );
    await succeed(dir, ...args, '--epochs', '3', '--overwrite');
  });

  test('a full disk says what is safe, and the same command goes on', async (t) => {
    await mkdir(at('small'));
    // A tmpfs of its own name space: gone when the process ends, whatever happens. 1 MiB of which 800 KiB are taken
    // leaves room for some of the 60 shards of 3 x 128 float32 and their files of at least one page.
    const script = `mount -t tmpfs -o size=1m tmpfs small && echo mounted && head -c 819200 /dev/zero > small/filler
      "$@"; echo "code $?"; ls -a small/store | grep -c partial; rm small/filler; "$@"; echo "code $?"`;
    const command = [process.execPath, program, 'embed', 'photos', ...slowly, '--out', 'small/store'];
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) =>
      execFile('unshare', ['-rm', 'sh', '-c', script, 'sh', ...command], { cwd: dir }, (_, out, err) =>
        resolve({ stdout: out, stderr: err }),
      ),
    );
    if (!stdout.startsWith('mounted')) return t.skip('no small file system can be mounted here');
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(lines.slice(0, 3), ['mounted', 'code 1', '0'], stderr);
    assert.match(
      stderr,
      /ERR_ENVIRONMENT: No space left on the disk of small\/store while writing shard-\d{5}\.arrow\. \d+ of 60 shards are safe; free some space and run the same command again/,
    );
    assert.deepEqual(lines.slice(3), [
      '180 of 180 items embedded as 128 numbers each in small/store; 0 failed',
      'code 0',
    ]);
  });
});
