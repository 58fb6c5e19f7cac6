import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatTable,
  renderMarkdown,
  resamplingTable,
  scoreTable,
  strategiesTable,
} from '../../../src/report/index.js';
import { exampleResult } from './example-result.js';

test('the recall table starts with the most frequent class and ends with the change', () => {
  assert.equal(
    formatTable(scoreTable(exampleResult(), 'recall')),
    [
      'class  train  test     ce    eos  eos − ce',
      '─────  ─────  ────  ─────  ─────  ────────',
      'cat       30     4  0.750  0.500    −0.250',
      'bee       20     4  0.750  0.500    −0.250',
      'ant       10     4  0.250  0.500    +0.250',
    ].join('\n'),
  );
});

test('columns line up under wide letters, and a name cannot move the cursor', () => {
  const lines = formatTable({
    columns: [{ title: 'class' }, { title: 'n', align: 'right' }],
    rows: [
      ['桜花', '1'],
      ['rose', '22'],
      ['a\u001b[2Jb', '3'],
    ],
  }).split('\n');
  // 桜花 takes four columns like rose; the escape character is replaced by one mark.
  assert.deepEqual(lines, ['class    n', '──────  ──', '桜花     1', 'rose    22', 'a\u{fffd}[2Jb   3']);
});

test('a class without test rows has dashes, not zeros', () => {
  const result = exampleResult();
  const [ant, ...others] = result.baseline!.perClass;
  const baseline = { ...result.baseline!, perClass: [{ ...ant!, support: 0 }, ...others] };
  assert.deepEqual(scoreTable({ ...result, baseline }, 'recall').rows[2]?.slice(3), ['–', '0.500', { text: '–' }]);
});

test('a metric that should be low is better when it falls, and one without a value is left out', () => {
  const { columns, rows } = strategiesTable(exampleResult());
  assert.deepEqual(
    columns.map(({ title }) => title),
    ['metric', 'ce', 'eos', 'eos − ce'],
  );
  const row = (name: string) => rows.find(([first]) => first === name);
  // Certain predictions: the calibration error is the error rate, 5 of 12 before and 6 of 12 after.
  assert.deepEqual(row('expected calibration error'), [
    'expected calibration error',
    '0.417',
    '0.500',
    { text: '+0.083', tone: 'worse' },
  ]);
  assert.deepEqual(row('balanced accuracy')?.at(-1), { text: '−0.083', tone: 'worse' });
  assert.equal(row('few-shot recall'), undefined);
});

test('a rise is marked as better, a fall as worse, no change as neither', () => {
  const rows = scoreTable(exampleResult(), 'recall').rows;
  assert.deepEqual(rows[2]?.at(-1), { text: '+0.250', tone: 'better' });
  assert.deepEqual(rows[0]?.at(-1), { text: '−0.250', tone: 'worse' });
  const same = exampleResult();
  assert.deepEqual(scoreTable({ ...same, strategies: [{ ...same.baseline! }] }, 'recall').rows[0]?.at(-1), {
    text: '0.000',
  });
});

test('several seeds show their extremes beside the mean', () => {
  const result = exampleResult();
  const ce = result.baseline!;
  const [evaluation] = ce.evaluations;
  const evaluations = [0.4, 0.5, 0.9].map((balancedAccuracy) => ({ ...evaluation!, balancedAccuracy }));
  const text = renderMarkdown({ ...result, baseline: { ...ce, seeds: [0, 1, 2], evaluations } });
  // (0.4 + 0.5 + 0.9) / 3 = 0.6
  assert.match(text, /\| balanced accuracy \| 0\.600 \(0\.400–0\.900\) \| 0\.500 \|/);
});

test('fallbacks of resampling are told, and columns that nobody filled are left out', () => {
  const result = exampleResult();
  const text = formatTable(resamplingTable(result)!);
  assert.match(text, /^class {2}before {2}after {2}neighbours used {2}fallback$/m);
  assert.match(text, /^ant {8}10 {5}30 {16}7 {2}only 7 rows in reach$/m);
  assert.equal(resamplingTable({ ...result, strategies: [result.baseline!] }), undefined);
});

test('a class name cannot break out of its Markdown cell', () => {
  const text = renderMarkdown(exampleResult(['a|b', '<img src=x>', '`c`\n# d']));
  const rows = text.split('\n').filter((line) => line.startsWith('| a') || line.includes('img'));
  for (const row of rows) assert.doesNotMatch(row, /[^\\]\|b|<img/);
  assert.doesNotMatch(text, /^# d/m);
});
