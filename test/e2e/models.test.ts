import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { asked, equipoise, fixtures, succeed, temporaryFolder } from './equipoise.js';

test('models: added under a name, verified, listed; what belongs to another action or to the network is refused', async () => {
  const dir = temporaryFolder();
  const added = await asked(dir, 'models', 'add', join(fixtures, 'tiny-bert'), '--id', 'mine', '--license', 'MIT');
  assert.deepEqual([added['id'], added['spec'].license, added['path']], ['mine', 'MIT', join(dir, 'models', 'mine')]);
  assert.match((await succeed(dir, 'models', 'list')).stdout, /mine +text +16 +here +MIT/);
  assert.match((await succeed(dir, 'models', 'verify', 'mine')).stdout, /mine +ok/);
  for (const [code, words, ...args] of [
    [2, /--id/, 'add', join(fixtures, 'tiny-bert'), '--id', 'mine'],
    [2, /Option trust does not apply to "models add"/, 'add', 'x', '--trust'],
    [2, /Expected the name of a backbone/, 'pull'],
    [2, /Did you mean mine/, 'pull', 'mime'],
    [1, /offline/, 'pull', 'dinov2-small', '--offline'],
    [1, /1 of 1 backbones are not as declared/, 'verify', 'dinov2-small'],
  ] as const) {
    const outcome = await equipoise(dir, 'models', ...args);
    assert.match(outcome.stderr, words);
    assert.equal(outcome.code, code, args.join(' '));
  }
});
