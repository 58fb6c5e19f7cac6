/** What docs/embedding.md shows is what the commands print. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('every command of docs/embedding.md on the drawn examples prints what is written there', async () => {
  const { EQUIPOISE_DATA: _, EQUIPOISE_MODELS_AT_HAND: __, ...env } = process.env;
  const args = ['scripts/document-commands.mjs', 'docs/embedding.md', '--check'];
  await promisify(execFile)(process.execPath, args, { cwd: root, env }).catch((error: unknown) =>
    assert.fail((error as { stderr?: string }).stderr ?? String(error)),
  );
});
