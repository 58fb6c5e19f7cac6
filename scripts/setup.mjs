// Brings a checkout to the point where everything runs: dependencies, native addon, compiled TypeScript.
// Each step is skipped when a stamp says that its inputs have not changed. Uses Node's own modules only.
//
// usage: node scripts/setup.mjs [--dependencies-only]

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const SKIPPED = Symbol('skipped');
/** Where it is, JPEG is decoded by the kernels; where it comes later, they are built again. */
const JPEG_HEADER = '/usr/include/jpeglib.h';

const major = Number(process.versions.node.split('.')[0]);
if (major < 20)
  fail(`Expected Node 20 or newer but this is ${process.version}. Install a newer Node and repeat the command.`);

step('dependencies', 'node_modules/.equipoise-setup', ['package-lock.json', 'package.json'], () => {
  // onnxruntime-node's install script looks for CUDA libraries on a host of its own; the CPU library is in the package already.
  // npm 10 does not read `allowScripts`, so the skip is said in the environment too.
  run('npm', ['ci', '--no-audit', '--no-fund'], {
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    npm_config_onnxruntime_node_install: 'skip',
  });
});

if (!process.argv.includes('--dependencies-only')) {
  step(
    'native addon',
    'build/.equipoise-setup',
    ['CMakeLists.txt', 'package-lock.json', ...files('cmake'), ...files('native'), JPEG_HEADER],
    () => {
      for (const [tool, why] of [
        ['cmake', 'CMake 3.20 or newer'],
        [process.env.CXX ?? 'c++', 'a C++20 compiler (GCC 11, Clang 14 or newer)'],
      ])
        if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0)
          return skip(
            `the native kernels are not built, because ${why} is missing: "${tool}" does not run. WebAssembly takes their place, several times slower. To have them, install it (Debian: apt-get install cmake g++ make) and repeat the command.`,
          );
      run(process.execPath, [
        'node_modules/cmake-js/bin/cmake-js',
        'compile',
        '--out',
        'build',
        '--log-level',
        'error',
      ]);
    },
  );
  step(
    'TypeScript',
    'dist/.equipoise-setup',
    ['tsconfig.json', 'package-lock.json', ...files('src'), ...files('test')],
    () => {
      rmSync('dist', { recursive: true, force: true }); // so that the output of a deleted file is not run
      run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
    },
  );
}

/** What a step answers that could not be done and need not be: it is tried again next time. */
function skip(message) {
  process.stderr.write(`setup: ${message}\n`);
  return SKIPPED;
}

function step(name, stamp, inputs, work) {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(`${file}\0`).update(existsSync(file) ? readFileSync(file) : 'absent');
  const wanted = `${hash.digest('hex')} node-api ${process.versions.napi} ${process.arch}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const start = performance.now();
  process.stderr.write(`setup: ${name} …\n`);
  if (work() === SKIPPED) return;
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  process.stderr.write(`setup: ${name} ready in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(
    `"${[command, ...args].join(' ')}" failed${result.error ? `: ${result.error.message}` : ` with exit code ${result.status}`}.`,
  );
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}
