/** Where the code of a backend lies: in a build of this package, or packed with it. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EquipoiseError } from '../core/errors.js';
import type { Addon } from './addon.js';
import type { Kernels } from './kernels.js';
import { compileWasm, type WasmModule } from './wasm-module.js';

type Backend = Kernels['backend'];

/** One place where a backend was looked for. */
export interface Attempt {
  readonly backend: Backend;
  readonly path?: string;
  /** Absent where it loaded. */
  readonly error?: string;
}

/** The nearest folder above this file that is this package, wherever the compiler put the file. */
function packageRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'equipoise') return folder;
    const above = path.dirname(folder);
    if (above === folder)
      throw new EquipoiseError(
        'ERR_ENVIRONMENT',
        `No package.json of equipoise above ${fileURLToPath(import.meta.url)}`,
      );
    folder = above;
  }
}

/** Why the packed addon of this platform cannot work here. Node says which glibc it runs on, and nothing on another libc. */
function libcProblem(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const report = process.report as unknown as Report;
  const { excludeNetwork } = report;
  // Otherwise it looks up the names of this machine's addresses.
  report.excludeNetwork = true;
  const { glibcVersionRuntime } = report.getReport().header;
  report.excludeNetwork = excludeNetwork;
  return glibcVersionRuntime === undefined ? 'built for glibc, which this system does not have' : undefined;
}

interface Report {
  excludeNetwork: boolean | undefined;
  getReport(): { header: { glibcVersionRuntime?: string } };
}

/** What loading a backend came to: its code, unless the last attempt failed. */
export interface Found<Code> {
  readonly code?: Code;
  readonly attempts: readonly Attempt[];
}

/** Opens the first file that works. */
function openFirst<Code>(backend: Backend, files: readonly string[], open: (file: string) => Code): Found<Code> {
  const attempts: Attempt[] = [];
  for (const name of files) {
    const file = path.join(packageRoot(), name);
    try {
      if (!existsSync(file)) throw new Error('no such file');
      return { code: open(file), attempts: [...attempts, { backend, path: file }] };
    } catch (error) {
      attempts.push({ backend, path: file, error: (error as Error).message.split('\n')[0] as string });
    }
  }
  return { attempts };
}

const once = <T>(work: () => T): (() => T) => {
  let result: { value: T } | undefined;
  return () => (result ??= { value: work() }).value;
};

const BUILT = 'build/Release/equipoise.node';
const PACKED = `prebuilds/${process.platform}-${process.arch}/equipoise.node`;

/** The addon built in this package, else the one packed with it for this platform. */
export const findAddon = once(() =>
  openFirst('addon', [BUILT, PACKED], (file): Addon => {
    const problem = file.endsWith(BUILT) ? undefined : libcProblem();
    if (problem !== undefined) throw new Error(problem);
    return createRequire(import.meta.url)(file);
  }),
);

export const findWasm = once(() =>
  openFirst('wasm', ['prebuilds/wasm32/equipoise.wasm'], (file): WasmModule => compileWasm(readFileSync(file))),
);

/** What to do where no addon was found. */
export function remedy(): string {
  return existsSync(path.join(packageRoot(), 'CMakeLists.txt'))
    ? 'Build the native kernels with: npm run build'
    : 'The package brings native kernels for linux-x64 and linux-arm64 with glibc';
}
