/** Loading is decided once a process, so each case runs in its own. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kernelReport, loadKernels } from '../../../src/kernels/index.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const built = 'build/Release/equipoise.node';
const packed = `prebuilds/${process.platform}-${process.arch}/equipoise.node`;
const wasm = 'prebuilds/wasm32/equipoise.wasm';

// The package without its compiled kernels.
const bare = mkdtempSync(path.join(os.tmpdir(), 'equipoise-'));
after(() => rmSync(bare, { recursive: true }));
for (const room of ['core', 'kernels'])
  cpSync(path.join(root, 'dist/src', room), path.join(bare, 'dist/src', room), { recursive: true });
symlinkSync(path.join(root, 'node_modules'), path.join(bare, 'node_modules'));
writeFileSync(path.join(bare, 'package.json'), '{ "name": "equipoise", "type": "module" }');

/** Puts these files into the package for as long as `work` takes; one without content is copied from the build. */
function withFiles(files: Record<string, string | undefined>, work: () => void) {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(bare, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (content === undefined) copyFileSync(path.join(root, name === packed ? built : name), file);
    else writeFileSync(file, content);
  }
  try {
    work();
  } finally {
    for (const folder of ['build', 'prebuilds']) rmSync(path.join(bare, folder), { recursive: true, force: true });
  }
}

const attempt = (name: string, error?: string) => ({
  backend: name === wasm ? 'wasm' : 'addon',
  path: path.join(bare, name),
  ...(error !== undefined && { error }),
});
const absent = 'no such file';

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

test('without a build the packed addon is taken, silently', () => {
  withFiles({ [packed]: undefined, [wasm]: undefined }, () => {
    const { backend, attempts, stderr } = loaded(bare);
    assert.deepEqual({ backend, stderr }, { backend: 'addon', stderr: '' });
    assert.deepEqual(attempts, [attempt(built, absent), attempt(packed)]);
  });
});

test('without an addon WebAssembly is taken, with one notice', () => {
  withFiles({ [wasm]: undefined }, () => {
    const { backend, isa, attempts, stderr } = loaded(bare);
    assert.deepEqual({ backend, isa }, { backend: 'wasm', isa: 'simd128' });
    assert.match(stderr, /^equipoise: using the WebAssembly kernels, [^\n]*no such file[^\n]*\n$/);
    assert.deepEqual(attempts, [attempt(built, absent), attempt(packed, absent), attempt(wasm)]);
  });
});

test('without any compiled kernels the reference is taken, with one notice', () => {
  const { backend, attempts, stderr } = loaded(bare);
  assert.equal(backend, 'reference');
  assert.match(stderr, /^equipoise: using the reference kernels, [^\n]*no such file[^\n]*\n$/);
  assert.deepEqual(attempts, [...[built, packed, wasm].map((name) => attempt(name, absent)), { backend: 'reference' }]);
});

test('files that do not load are passed over, each with its reason', () => {
  withFiles({ [built]: 'not an addon', [packed]: 'neither', [wasm]: 'no module' }, () => {
    const { backend, attempts, stderr } = loaded(bare);
    assert.equal(backend, 'reference');
    assert.equal(stderr.split('\n').length, 2, stderr);
    for (const [i, reason] of [/equipoise\.node/, /equipoise\.node/, /WebAssembly/].entries())
      assert.match(attempts?.[i]?.error ?? '', reason);
  });
});

test('a backend asked for by name is loaded or fails, naming each place', () => {
  assert.equal(loaded(root, { EQUIPOISE_KERNELS: 'reference' }).backend, 'reference');
  withFiles({ [wasm]: undefined }, () => {
    const forced = loaded(bare, { EQUIPOISE_KERNELS: 'wasm' });
    assert.deepEqual(forced.attempts, [attempt(wasm)]);
    assert.equal(forced.stderr, '', 'asked for, so nothing to say');
    for (const [env, options] of [
      [{ EQUIPOISE_KERNELS: 'addon' }, '{}'],
      [{ EQUIPOISE_ISA: 'baseline' }, '{}'],
      [{}, "{ backend: 'addon' }"],
    ] as const) {
      const { code, message } = loaded(bare, env, options);
      assert.equal(code, 'ERR_ENVIRONMENT');
      assert.match(message ?? '', /build\/Release\/equipoise\.node: no such file; .*prebuilds.*: no such file/);
    }
  });
  const { code, message } = loaded(bare, {}, "{ backend: 'wasm' }");
  assert.equal(code, 'ERR_ENVIRONMENT');
  assert.match(message ?? '', /equipoise\.wasm: no such file/);
});

test('a checkout is told how to build, an installed package what it brings', () => {
  assert.match(loaded(bare).stderr, /brings native kernels for linux-x64 and linux-arm64/);
  writeFileSync(path.join(bare, 'CMakeLists.txt'), '');
  const { stderr } = loaded(bare);
  rmSync(path.join(bare, 'CMakeLists.txt'));
  assert.match(stderr, /npm run build\n$/);
});

test('the committed WebAssembly is what the sources say', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-wasm.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('unknown names are refused', () => {
  assert.match(
    loaded(root, { EQUIPOISE_ISA: 'avx' }).message ?? '',
    /Unknown instruction set .* Known instruction sets: amx/,
  );
  assert.match(loaded(root, { EQUIPOISE_KERNELS: 'adon' }).message ?? '', /Did you mean addon/);
  assert.throws(() => loadKernels({ backend: 'gpu' as 'addon' }), { code: 'ERR_OPTION' });
  for (const backend of ['wasm', 'reference'] as const)
    assert.throws(() => loadKernels({ backend, isa: 'avx2' }), { code: 'ERR_OPTION' });
});

test('a screen asked for by name is used or refused', () => {
  const { isas } = kernelReport({ backend: 'addon' });
  const withInt8 = isas.filter(
    (isa) => kernelReport({ backend: 'addon', isa: isa as 'avx2', screen: 'auto' }).screen !== 'off',
  );
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
