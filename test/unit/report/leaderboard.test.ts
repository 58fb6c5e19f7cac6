import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, tune } from '../../../src/compare/index.js';
import {
  formatTable,
  gapTable,
  leaderboardTable,
  recallTable,
  renderLeaderboardHtml,
  renderLeaderboardMarkdown,
  tuningTable,
} from '../../../src/report/index.js';
import { clouds } from '../train/toy.js';

const set = clouds([120, 30, 12], { distance: 2 });
const named = { ...set, classNames: ['<b>wide</b>', 'mid|dle', 'few'] };
const options = { baselines: [], training: { epochs: 4 }, replicates: 100, jobs: 1 };
const leaderboard = await compare(named, { ...options, strategies: ['ce', 'eos', 'smote'], seeds: 2 });

test('the table has a row a strategy, the best first, and leaves out what nobody has', () => {
  const { columns, rows } = leaderboardTable(leaderboard);
  assert.equal(rows.length, 3);
  const titles = columns.map(({ title }) => title);
  assert.deepEqual(titles.slice(0, 2), ['strategy', 'balanced accuracy']);
  assert.ok(titles.includes('few') && titles.includes('ECE') && titles.includes('against ce'));
  assert.ok(!titles.includes('PR-AUC'), 'three classes have no such number');
  const text = formatTable(leaderboardTable(leaderboard, ['balancedAccuracy']));
  assert.match(text, /^strategy +balanced accuracy +gap +seconds +against ce\n/);
  assert.equal(text.split('\n').length, 5);
});

test('classes come by training rows, and gaps only of those that add rows', () => {
  assert.deepEqual(
    recallTable(leaderboard).rows.map(([name]) => name),
    ['<b>wide</b>', 'mid|dle', 'few'],
  );
  const gaps = gapTable(leaderboard);
  assert.deepEqual(
    gaps?.columns.map(({ title }) => title),
    ['class', 'train', 'before', 'eos'],
  );
  const mean = gaps?.rows.at(-1)?.map(String) ?? [];
  assert.ok(Number(mean[3]) < Number(mean[2]));
});

test('the page opens from disk, draws its intervals and escapes what the data say', async () => {
  const page = await renderLeaderboardHtml(leaderboard, 'flowers & co');
  assert.match(page, /default-src 'none'/);
  assert.equal(page.match(/<svg/g)?.length, 2);
  assert.match(page, /flowers &amp; co/);
  assert.ok(!page.includes('<b>wide'));
  for (const sentence of leaderboard.conclusion.slice(0, 1)) assert.ok(page.includes(sentence.slice(0, 30)));
  const alone = await compare(named, { ...options, strategies: ['ce'], seeds: 1 });
  assert.ok(!(await renderLeaderboardHtml(alone)).includes('<svg'), 'nothing is compared');
});

test('Markdown keeps names from being read as markup', () => {
  const text = renderLeaderboardMarkdown(leaderboard);
  assert.match(text, /\| mid\\\|dle \|/);
  assert.match(text, /&lt;b\\>wide/);
});

test('a search is a row a trial', async () => {
  const tuning = await tune(set, { strategy: 'focal', space: { gamma: [1, 3] }, epochs: 3, jobs: 1 });
  const text = formatTable(tuningTable(tuning));
  assert.match(text, /trial +gamma +rounds +epochs +balanced accuracy/);
  assert.match(text, /0 \(defaults\) +2/);
  assert.equal(text.split('\n').length, 5);
});
