// Compiles the C++ core to WebAssembly: prebuilds/wasm32/equipoise.wasm, which is committed, so that a checkout works
// without a compiler. The file carries the hash of what it was made from. The compiler is itself WebAssembly, from npm.
//
// usage: node scripts/build-wasm.mjs            builds, unless the file is up to date
//        node scripts/build-wasm.mjs --check    says whether it is up to date
//        node scripts/build-wasm.mjs --verify   builds and compares with the file, byte for byte

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fetchTool } from './fetch-tool.mjs';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const COMPILER = '@yowasp/clang@22.0.0-git20542-10';
const OUTPUT = 'prebuilds/wasm32/equipoise.wasm';
const SECTION = 'equipoise.sources';
// Every .cpp in them is compiled, once: there is one instruction set.
const FOLDERS = ['native/core', 'native/simd', 'native/wasm'];
const FLAGS = [
  '--target=wasm32-wasip1',
  '-mexec-model=reactor',
  '-msimd128',
  '-std=c++20',
  '-O3',
  '-DNDEBUG',
  '-DEQUIPOISE_ISA=baseline',
  // SIMD128 has no fused operations; said all the same, for the canonical arithmetic.
  '-ffp-contract=off',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-threadsafe-statics',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,--strip-all,--gc-sections',
];

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => ({ folder, name, text: readFileSync(join(folder, name), 'utf8') })),
);
const hash = createHash('sha256')
  .update(JSON.stringify([COMPILER, FLAGS, sources]))
  .digest('hex');

const before = existsSync(OUTPUT) ? readFileSync(OUTPUT) : undefined;
const current = before !== undefined && madeFrom(before) === hash;
const [mode] = process.argv.slice(2);
if (mode === '--check') {
  if (!current) fail(`${OUTPUT} was made from other sources. Type: node scripts/build-wasm.mjs`);
} else if (mode === '--verify') {
  if (!before?.equals(await build())) fail(`${OUTPUT} is not what its sources give. Type: node scripts/build-wasm.mjs`);
  process.stdout.write(`${OUTPUT} is what its sources give\n`);
} else if (mode !== undefined) {
  fail('usage: node scripts/build-wasm.mjs [--check | --verify]');
} else if (!current) {
  const bytes = await build();
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, bytes);
  process.stdout.write(`${OUTPUT}: ${(bytes.length / 1000).toFixed(0)} kB\n`);
}

async function build() {
  const modules = fetchTool(COMPILER);
  const { runClang, Exit } = await import(pathToFileURL(join(modules, '@yowasp/clang/gen/bundle.js')));
  // The compiler's file system is flat: it knows no `..`.
  const files = {};
  for (const { name, text } of sources) {
    if (files[name]) fail(`Two files are called ${name}`);
    files[name] = text.replaceAll(/#include "\.\.\/\w+\//g, '#include "');
  }
  const units = Object.keys(files).filter((name) => name.endsWith('.cpp'));
  const messages = [];
  try {
    const made = await runClang(['clang++', ...FLAGS, ...units, '-o', 'equipoise.wasm'], files, {
      stderr: (bytes) => bytes && messages.push(Buffer.from(bytes)),
    });
    return Buffer.concat([made['equipoise.wasm'], customSection(SECTION, hash)]);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    fail(Buffer.concat(messages).toString());
  }
}

function madeFrom(bytes) {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), SECTION);
  return section && Buffer.from(section).toString();
}

/** Section 0 of the binary format: a length, a name, and bytes that engines ignore. */
function customSection(name, text) {
  const body = [...leb128(name.length), ...Buffer.from(name + text)];
  return Buffer.from([0, ...leb128(body.length), ...body]);
}

function leb128(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >> 7)];
}

function fail(message) {
  process.stderr.write(`build-wasm: ${message}\n`);
  process.exit(1);
}
