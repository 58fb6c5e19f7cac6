import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { calibrationTable, renderHtml, renderMarkdown } from '../../../src/report/index.js';
import { html, type Content } from '../../../src/report/markup.js';
import { confusionPlot, reliabilityPlot } from '../../../src/report/plots.js';
import { exampleResult } from './example-result.js';

test('what stands between the braces is escaped once, and only if it is not markup', () => {
  const name = `<a href="x">'&`;
  const cell = html`<td title="${name}">${name}</td>`;
  const escaped = '&lt;a href=&quot;x&quot;&gt;&#39;&amp;';
  assert.equal(cell.source, `<td title="${escaped}">${escaped}</td>`);
  const several: Content[] = [cell, false, null, undefined, 0];
  assert.equal(html`${several}`.source, `${cell.source}0`);
});

test('the page opens without a network: one file, a policy that forbids everything else, no script', async () => {
  const page = await renderHtml(exampleResult());
  assert.match(page, /default-src 'none'; style-src 'unsafe-inline'; img-src data:/);
  assert.equal(page.match(/<script|<link|<img|@import|url\(/), null);
  // The names of the SVG vocabularies are the only addresses.
  const addresses = [...page.matchAll(/https?:[^"'\s]*/g)].map(([address]) => address);
  assert.deepEqual(
    addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
    [],
  );
  assert.equal(page.match(/<svg /g)?.length, 9);
});

test('no number or name is missing from the page', async () => {
  const page = await renderHtml(exampleResult());
  assert.equal(page.replace(/<svg[\s\S]*?<\/svg>/g, '').match(/undefined|NaN|\[object/), null);
  assert.equal(page.match(/NaN/), null);
  for (const expected of ['only 7 rows in reach', 'head.onnx', 'header: yes', '2 epochs', 'insects', 'Settings'])
    assert.ok(page.includes(expected), expected);
});

test('a hostile name is text everywhere, in tables and in pictures', async () => {
  const names = ['<script>alert(1)</script>', '"]}[0];throw 1;//', '</svg><b onload=x>', "' onmouseover='x"];
  const page = await renderHtml({
    ...exampleResult(names),
    failures: [{ id: '<i>', source: '<u>', reason: '<s>' }],
    dataset: { ...exampleResult(names).dataset, name: '<title>', notes: ['<em>'] },
    config: { data: '<q>' },
  });
  assert.equal(page.match(/<script|<b |<i>|<u>|<s>|<em>|<q>|<title><title>|<[^>]*\son\w+=/), null);
  assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  // Every picture survived: labels are data, not code.
  assert.equal(page.match(/<svg /g)?.length, page.match(/<\/svg>/g)?.length);
  assert.equal(page.match(/<svg /g)?.length, 9);
});

test('with very many classes pictures show the rarest and say so, while tables show all', async () => {
  const names = Array.from({ length: 120 }, (_, c) => `class-${c}.`);
  const result = exampleResult(names);
  const page = await renderHtml(result);
  assert.match(page, /Pictures show the 30 rarest of 120 classes; tables show all\./);
  const [pictures, tables] = [page.match(/<svg[\s\S]*?<\/svg>/g)!.join(''), page.replace(/<svg[\s\S]*?<\/svg>/g, '')];
  for (const name of names) assert.ok(new RegExp(`>\\s*${name}\\s*<`).test(tables), name);
  assert.ok(pictures.includes('class-0. · 10') && !pictures.includes('class-60.'));
});

test('the classes left out of a confusion matrix are one column, so that shares still add up', () => {
  const result = exampleResult(Array.from({ length: 40 }, (_, c) => String(c)));
  const spec = confusionPlot(result, result.strategies[0]!, 'blue')!;
  const cells = (spec.data as { values: { truth: number; predicted: number; rows: number; share: number }[] }).values;
  // Drawn: classes 29 … 0, most frequent first, so class 29 is row 0. Half of its 4 rows went to class 30, which is not drawn.
  assert.equal(cells.length, 30 * 31);
  const first = cells.filter(({ truth, rows }) => truth === 0 && rows > 0);
  assert.deepEqual(first, [
    { truth: 0, predicted: 0, rows: 2, share: 0.5 },
    { truth: 0, predicted: 1, rows: 2, share: 0.5 },
  ]);
});

test('a run of plain cross-entropy alone has a page without a before', async () => {
  const result = exampleResult();
  const page = await renderHtml({ ...result, baseline: null, strategies: [result.baseline!], exported: [] });
  assert.equal(page.match(/before|After:|Exported/), null);
  assert.match(page, /ce reaches a balanced accuracy of/);
});

test('a result read back from its file gives the same page', async () => {
  const result = exampleResult();
  assert.equal(await renderHtml(JSON.parse(JSON.stringify(result))), await renderHtml(result));
});

test('importing the room does not load the plot library', () => {
  const folder = new URL('../../../src/report/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js')))
    assert.doesNotMatch(readFileSync(new URL(file, folder), 'utf8'), /^import[^(]*from 'vega/m, file);
});

test('synthetic rows stand between their parents, and a picture that is no data is not shown', async () => {
  const image = 'data:image/webp;base64,AAAA';
  const page = await renderHtml({
    ...exampleResult(),
    synthetic: [
      {
        label: 'ant',
        base: { id: '7', source: 'ant/<7>.png', label: 'ant', image },
        other: { id: '9', source: 'bee/9.png', label: 'bee', image: 'https://example.org/9.png' },
        step: 0.25,
      },
      {
        label: 'bee',
        base: { id: 't1', source: 't1', label: 'bee', text: 'hums & buzzes' },
        other: { id: 't2', source: 't2', label: 'bee' },
        step: null,
      },
    ],
  });
  assert.deepEqual(page.match(/<img[^>]*>/g), [`<img src="${image}" alt="ant/&lt;7&gt;.png" />`]);
  assert.match(page, /style="left: 25\.0%"[\s\S]*0\.25/);
  assert.match(page, /hums &amp; buzzes/);
  assert.equal((await renderHtml(exampleResult())).includes('Synthetic rows and their parents'), false);
});

test('what calibration changed stands beside what training left, with the gain in words', async () => {
  const result = exampleResult();
  const [eos] = result.strategies;
  const judged = { logLoss: 1, brierScore: 0.5, expectedCalibrationError: 0.1, adaptiveCalibrationError: 0.1 };
  const gain = {
    folds: 5,
    before: 0.4,
    after: 0.5,
    gain: 0.1,
    low: 0.05,
    high: 0.2,
    sentence: 'thresholds raise it <b>.',
  };
  const fit = {
    rows: 30,
    calibration: [{ name: 'prior-shift' }, { name: 'temperature', temperature: 1.234 }],
    before: judged,
    after: judged,
    decision: { metric: 'macro-f1', rule: 'thresholds', before: 0.4, after: 0.6, crossValidated: gain },
  };
  const decision = { undecided: result.baseline?.evaluations ?? [], fits: [fit] };
  const calibrated = { ...result, strategies: [{ ...eos, decision }] as const };
  const page = await renderHtml(calibrated);
  assert.match(page, /eos with prior-shift, temperature 1\.23, thresholds for macro-f1/);
  assert.match(page, /eos: thresholds raise it &lt;b&gt;\./);
  const rows = calibrationTable(calibrated)?.rows.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? cell : cell.text)),
  );
  assert.deepEqual(
    rows?.map(([name]) => name),
    ['ce', 'eos as trained', 'eos with prior-shift, temperature 1.23, thresholds for macro-f1'],
  );
  // The heads as training left them are judged by the baseline's evaluations here.
  assert.deepEqual(rows?.[1]?.slice(1), rows?.[0]?.slice(1));
  assert.notDeepEqual(rows?.[2]?.slice(1), rows?.[1]?.slice(1));
  assert.match(renderMarkdown(calibrated), /## Calibration/);
  assert.equal(calibrationTable(result), undefined);
  // Twelve sure rows each: one disc for either strategy, and one for eos as trained.
  const drawn = (spec: unknown) => JSON.stringify(spec).match(/"confidence":1,/g)?.length;
  assert.deepEqual([drawn(reliabilityPlot(result)), drawn(reliabilityPlot(calibrated))], [2, 3]);
});
