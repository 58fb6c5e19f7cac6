/** Comparisons and searches as a user starts, stops and repeats them. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createRng } from '../../src/core/rng.js';
import { asked, equipoise, start, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
const comparing = ['compare', 'store', '--strategies', 'smote,focal,mixup,drw', '--seeds', '3', '--epochs', '40'];

before(async () => {
  const draws = createRng(1, 'table').at(0);
  const rows = Array.from({ length: 600 }, (_, i) => {
    const rare = i % 12 === 0;
    return `${draws.normal() + (rare ? 1.5 : 0)},${draws.normal()},${rare ? 'rare' : 'common'}`;
  });
  await writeFile(at('t.csv'), `a,b,kind\n${rows.join('\n')}\n`);
  await succeed(dir, 'embed', 't.csv', '--out', 'store');
  await succeed(dir, ...comparing, '--out', 'whole');
});

const finished = (out: string) =>
  existsSync(at(out, 'jobs')) ? readdirSync(at(out, 'jobs')).filter((name) => name.endsWith('.json')).length : 0;

/** The leaderboard's bytes, but for what the clock says. */
const timeless = async (out: string) =>
  (await readFile(at(out, 'leaderboard.json'), 'utf8')).replace(/"seconds": (\{[^}]*\}|[\d.e-]+)/g, '');

describe('comparisons', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const)
    test(`a comparison stopped by ${signal} goes on where it was, to the same leaderboard`, async () => {
      const out = `stopped-${signal}`;
      const { child, outcome } = start(dir, [...comparing, '--out', out]);
      while (finished(out) < 3 && child.exitCode === null) await wait(2);
      child.kill(signal);
      const { code, stderr } = await outcome;
      assert.equal(code, signal === 'SIGINT' ? 1 : null);
      if (signal === 'SIGINT') assert.match(stderr, /ERR_ABORTED: .*the same command goes on/);
      // 4 baselines and 4 others (smote, focal, mixup, drw) of 3 seeds.
      assert.ok(finished(out) >= 3 && finished(out) < 24, `${finished(out)} of 24 trainings were done`);
      await succeed(dir, ...comparing, '--out', out);
      assert.equal(finished(out), 24);
      assert.equal(await timeless(out), await timeless('whole'));
    });

  test('a finished comparison is told again at once, another configuration is refused', async () => {
    const again = await succeed(dir, ...comparing, '--out', 'whole', '--jobs', '1');
    assert.match(again.stdout, /8 strategies, 3 seeds/);
    const { code, stderr } = await equipoise(dir, ...comparing, '--out', 'whole', '--batch-size', '16');
    assert.equal(code, 2);
    assert.match(stderr, /ERR_OPTION: whole holds a comparison with another configuration: training \(/);
    const page = await readFile(at('whole', 'leaderboard.html'), 'utf8');
    assert.match(page, /<svg/);
    assert.match(await readFile(at('whole', 'leaderboard.md'), 'utf8'), /\| strategy \|/);
  });

  test('folds, a time budget and a strategy that lacks validation rows are told as they are', async () => {
    const quick = ['compare', 'store', '--strategies', 'focal', '--epochs', '2', '--jobs', '1'];
    const own = '[{"name":"focal-1","strategy":"focal","strategyOptions":{"gamma":1}}]';
    const folding = ['--seeds', '1', '--folds', '3', '--baselines', 'ce', '--strategies', own];
    const folded = await asked(dir, ...quick, ...folding, '--head', '{"name":"mlp","hidden":[4]}');
    assert.equal(folded.folds, 3);
    assert.deepEqual(folded.rows.map(({ name }: { name: string }) => name).sort(), ['ce', 'focal-1']);
    assert.equal(folded.rows[0].seeds[0].evaluation.rows, 600);
    const short = await asked(dir, ...quick, '--seeds', '2', '--time-budget', '1e-9');
    assert.deepEqual(
      short.leftOut.map(({ name }: { name: string }) => name),
      ['ce', 'class-weights', 'logit-adjustment', 'random-over-sampling', 'focal'],
    );
    const lacking = await equipoise(dir, 'compare', 'store', '--strategies', 'all', '--validation', '0');
    assert.equal(lacking.code, 2);
    assert.match(lacking.stderr, /Expected validation rows for cdb/);
  });

  test('tune prints every trial and what to do with the best', async () => {
    const tuning = ['tune', 'store', '--strategy', 'focal', '--epochs', '9'];
    const args = [...tuning, '--space', 'gamma=0.5,1,2', '--space', 'batchSize=32,64', '--out', 'tuned'];
    const { trials, best, rounds } = await asked(dir, ...args);
    assert.equal(rounds[0].trials, 7);
    assert.equal(trials.length, 7);
    assert.equal(best.strategy, 'focal');
    const { stdout } = await succeed(dir, ...args);
    assert.match(stdout, /0 \(defaults\)/);
    const drawn = await asked(dir, ...tuning, '--space', 'gamma=0.1..10:log', '--trials', '4', '--eta', '1');
    assert.equal(drawn.trials.length, 5);
    const wrong = await equipoise(dir, ...tuning, '--space', 'gamma');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /Expected NAME=VALUE,VALUE/);
  });
});
