// Builds the native addon for each platform that the package brings it for: prebuilds/<platform>-<arch>/equipoise.node.
// Made when packing, never committed. Checks that each runs on the oldest systems that Node 20 itself runs on.
//
// usage: node scripts/prebuild.mjs [linux-x64 | linux-arm64 …]     needs Linux, CMake and the compiler of each

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

/** `tools` is the prefix of the cross tools, `toolchain` their file in cmake/; both only used on another processor. */
const targets = {
  'linux-x64': { arch: 'x64', tools: 'x86_64-linux-gnu-', toolchain: undefined },
  'linux-arm64': { arch: 'arm64', tools: 'aarch64-linux-gnu-', toolchain: 'cmake/aarch64.cmake' },
};
/** Versions of Debian 10 and RHEL 8, with GCC 8: what the binaries of Node 20 ask for. */
const newest = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11' };

const CROSS_JPEG = 'for the other processor unpack its package into the folder of the cross tools, as .ci/run does';

const wanted = process.argv.slice(2);
for (const target of wanted.length > 0 ? wanted : Object.keys(targets)) {
  if (!(target in targets)) fail(`Expected one of ${Object.keys(targets).join(', ')} but received ${target}`);
  if (process.platform !== 'linux') fail(`${target} is built on Linux`);
  build(target, targets[target]);
}

function build(target, { arch, tools, toolchain }) {
  const cross = arch !== process.arch;
  if (cross && toolchain === undefined) fail(`There is no toolchain file for ${target} on ${process.arch}`);
  const prefix = cross ? tools : '';
  if (spawnSync(`${prefix}g++`, ['--version']).status !== 0)
    fail(`${target} needs ${prefix}g++ (Debian: apt-get install g++${cross ? '-aarch64-linux-gnu' : ''})`);
  const folder = join('build', `prebuild-${target}`);
  const flags = [
    '--CDCMAKE_SHARED_LINKER_FLAGS=-s',
    ...(cross ? [`--CDCMAKE_TOOLCHAIN_FILE=${resolve(toolchain)}`] : []),
  ];
  const cmakeJs = 'node_modules/cmake-js/bin/cmake-js';
  run(process.execPath, [cmakeJs, 'compile', '--out', folder, '--arch', arch, '--log-level', 'error', ...flags]);
  const built = join(folder, 'Release', 'equipoise.node');
  if (!readFileSync(built).includes('libjpeg-turbo '))
    fail(
      `${target} has no JPEG decoder: libjpeg-turbo was not found (Debian: apt-get install libjpeg62-turbo-dev; ${CROSS_JPEG})`,
    );
  const needs = versions(run(`${prefix}objdump`, ['-T', built]));
  for (const [library, version] of Object.entries(needs))
    if (compare(version, newest[library]) > 0)
      fail(`${target} needs ${library}_${version}, which is newer than ${library}_${newest[library]}`);
  const packed = join('prebuilds', target, 'equipoise.node');
  mkdirSync(dirname(packed), { recursive: true });
  copyFileSync(built, packed);
  const list = Object.entries(needs).map(([library, version]) => `${library} ${version}`);
  process.stdout.write(`${packed}: ${(statSync(packed).size / 1000).toFixed(0)} kB, needs ${list.join(', ')}\n`);
}

/** The newest version of each library's symbols in what `objdump -T` prints. */
function versions(symbols) {
  const found = {};
  for (const [, library, version] of symbols.matchAll(/\b(GLIBC|GLIBCXX|CXXABI)_(\d+(?:\.\d+)*)/g))
    if (!(library in found) || compare(version, found[library]) > 0) found[library] = version;
  if (!('GLIBC' in found)) fail('objdump named no symbol of glibc');
  return found;
}

function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i++)
    if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) - (right[i] ?? 0);
  return 0;
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) fail(`"${[command, ...args].join(' ')}" failed\n${stdout ?? ''}${stderr ?? ''}${error ?? ''}`);
  return stdout;
}

function fail(message) {
  process.stderr.write(`prebuild: ${message}\n`);
  process.exit(1);
}
