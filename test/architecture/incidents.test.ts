/** docs/untrusted-files.md names the test that answers each incident; it must be there under that name. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './repository.js';

test('every incident has the test that the table names', () => {
  const table = readFileSync(join(root, 'docs/untrusted-files.md'), 'utf8');
  const rows = [...table.matchAll(/^\|.*\| `(test\/[^`]+)`: (.+) \|$/gm)];
  assert.ok(rows.length >= 20);
  for (const [, file = '', name = ''] of rows)
    assert.ok(
      readFileSync(join(root, file), 'utf8').includes(`test('${name}'`),
      `${file} has no test ${JSON.stringify(name)}`,
    );
  const lines = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| incident'));
  assert.equal(lines.length, rows.length, 'a row names no test');
});
