/** Loading is decided once a process, so each case runs in its own. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kernelReport, loadKernels } from '../../../src/kernels/index.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

// The package without its build folder.
const bare = mkdtempSync(path.join(os.tmpdir(), 'equipoise-'));
after(() => rmSync(bare, { recursive: true }));
for (const room of ['core', 'kernels'])
  cpSync(path.join(root, 'dist/src', room), path.join(bare, 'dist/src', room), { recursive: true });
symlinkSync(path.join(root, 'node_modules'), path.join(bare, 'node_modules'));
writeFileSync(path.join(bare, 'package.json'), '{ "name": "equipoise", "type": "module" }');

interface Outcome {
  backend?: string;
  isa?: string;
  screen?: string;
  attempts?: { backend: string; path?: string; error?: string }[];
  code?: string;
  message?: string;
  stderr: string;
}

/** Loads the kernels twice in a process of its own and says what came of it. */
function loaded(folder: string, env: Record<string, string> = {}, options = '{}'): Outcome {
  const script = `import { kernelReport, loadKernels } from '${path.join(folder, 'dist/src/kernels/index.js')}';
    let outcome;
    try {
      loadKernels(${options});
      outcome = kernelReport(${options});
    } catch ({ code, message }) {
      outcome = { code, message };
    }
    console.log(JSON.stringify(outcome));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, EQUIPOISE_KERNELS: '', EQUIPOISE_ISA: '', EQUIPOISE_SCREEN: '', ...env },
  });
  return { ...(JSON.parse(done.stdout) as Outcome), stderr: done.stderr };
}

test('the addon is taken where it is built, with its fastest instruction set', () => {
  const { backend, isa, attempts, stderr } = loaded(root);
  assert.deepEqual(
    { backend, isa, stderr },
    { backend: 'addon', isa: kernelReport({ backend: 'addon' }).isas[0], stderr: '' },
  );
  assert.deepEqual(attempts, [{ backend: 'addon', path: path.join(root, 'build/Release/equipoise.node') }]);
});

test('every available instruction set can be forced', () => {
  for (const isa of kernelReport({ backend: 'addon' }).isas)
    assert.equal(loaded(root, { EQUIPOISE_ISA: isa }).isa, isa);
});

test('without a build the reference is taken, with one notice', () => {
  const { backend, attempts, stderr } = loaded(bare);
  assert.equal(backend, 'reference');
  assert.equal(stderr.split('equipoise: using the slow reference kernels').length, 2, stderr);
  assert.match(stderr, /npm run build/);
  assert.deepEqual(attempts, [
    { backend: 'addon', path: path.join(bare, 'build/Release/equipoise.node'), error: 'no such file' },
    { backend: 'reference' },
  ]);
});

test('a file that is no addon is reported with its reason', () => {
  mkdirSync(path.join(bare, 'build/Release'), { recursive: true });
  writeFileSync(path.join(bare, 'build/Release/equipoise.node'), 'not an addon');
  const { backend, attempts } = loaded(bare);
  rmSync(path.join(bare, 'build'), { recursive: true });
  assert.equal(backend, 'reference');
  assert.match(attempts?.[0]?.error ?? '', /equipoise\.node/);
});

test('a backend asked for by name is loaded or fails, naming the place and the next command', () => {
  assert.equal(loaded(root, { EQUIPOISE_KERNELS: 'reference' }).backend, 'reference');
  for (const [env, options] of [
    [{ EQUIPOISE_KERNELS: 'addon' }, '{}'],
    [{ EQUIPOISE_ISA: 'baseline' }, '{}'],
    [{}, "{ backend: 'addon' }"],
  ] as const) {
    const { code, message } = loaded(bare, env, options);
    assert.equal(code, 'ERR_ENVIRONMENT');
    assert.match(message ?? '', /build\/Release\/equipoise\.node \(no such file\).*npm run build/);
  }
});

test('unknown names are refused', () => {
  assert.match(
    loaded(root, { EQUIPOISE_ISA: 'avx' }).message ?? '',
    /Unknown instruction set .* Known instruction sets: amx/,
  );
  assert.match(loaded(root, { EQUIPOISE_KERNELS: 'adon' }).message ?? '', /Did you mean addon/);
  assert.throws(() => loadKernels({ backend: 'wasm' as 'addon' }), { code: 'ERR_OPTION' });
  assert.throws(() => loadKernels({ backend: 'reference', isa: 'avx2' }), { code: 'ERR_OPTION' });
});

test('a screen asked for by name is used or refused', () => {
  const { isas } = kernelReport({ backend: 'addon' });
  const withInt8 = isas.filter((isa) => kernelReport({ backend: 'addon', isa: isa as 'avx2', screen: 'auto' }).screen !== 'off');
  for (const isa of withInt8)
    for (const screen of ['auto', 'off', 'int8'])
      assert.equal(loaded(root, { EQUIPOISE_ISA: isa, EQUIPOISE_SCREEN: screen }).screen, screen);
  assert.equal(loaded(root, { EQUIPOISE_ISA: 'baseline' }).screen, 'off');
  assert.match(
    loaded(root, { EQUIPOISE_ISA: 'baseline', EQUIPOISE_SCREEN: 'int8' }).message ?? '',
    /dot product of bytes for the int8 screen but baseline is in use/,
  );
  assert.match(loaded(root, { EQUIPOISE_SCREEN: 'int4' }).message ?? '', /Unknown screen .* Did you mean int8/);
});

test('the same kernels come back each time', () => {
  assert.equal(loadKernels({ backend: 'reference' }), loadKernels({ backend: 'reference' }));
});
