import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createProgressBar } from '../../../src/cli/progress-bar.js';

test('the rate of a resumed run leaves out what was done before it', async () => {
  let drawn = '';
  const stream = { isTTY: true, columns: 200, write: (text: string) => (drawn = text) };
  const { onProgress } = createProgressBar(stream as unknown as NodeJS.WriteStream);
  onProgress({ stage: 'embed', done: 900, total: 1000 });
  await wait(600);
  onProgress({ stage: 'embed', done: 901, total: 1000 });
  const [, rate, left] = / 901\/1000 · ([\d.]+)\/s · (\d+) s left/.exec(drawn) ?? [];
  // One item in half a second or more, 99 to go.
  assert.ok(Number(rate) > 0 && Number(rate) <= 2, drawn);
  assert.ok(Number(left) >= 49, drawn);
});
