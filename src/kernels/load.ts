/** Chooses a backend: the addon built in this package, else the reference. Keeps why each one failed. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { addonKernels, screens, type Addon, type Screen } from './addon.js';
import { checkedKernels } from './checked.js';
import type { Kernels } from './kernels.js';
import { referenceKernels } from './reference.js';
import { defaultThreads } from './threads.js';

const backends = ['addon', 'reference'] as const;
type Backend = Kernels['backend'];

/** Every instruction set that the addon may be compiled for, fastest first; `baseline` is what the platform guarantees. */
export const knownIsas = ['amx', 'avx512vnni', 'avx512', 'avx2vnni', 'avx2', 'dotprod', 'baseline'] as const;

export interface LoadKernelsOptions {
  /** Fails if this one does not load. Default: EQUIPOISE_KERNELS, else the first that loads. */
  backend?: Backend;
  /** Instruction set of the addon. Default: EQUIPOISE_ISA, else the fastest that this CPU has. */
  isa?: (typeof knownIsas)[number];
  /**
   * How the addon finds the candidates of `nearest`; the answer is the same. 'off' uses float32 alone, 'int8' an int8 product
   * wherever it can, 'auto' where it pays. Default: EQUIPOISE_SCREEN, else 'auto'.
   */
  screen?: Screen;
}

/** One place where a backend was looked for. */
export interface Attempt {
  readonly backend: Backend;
  readonly path?: string;
  /** Absent where it loaded. */
  readonly error?: string;
}

export interface KernelReport {
  readonly backend: Backend;
  readonly isa: string;
  /** Instruction sets that could be forced with EQUIPOISE_ISA. */
  readonly isas: readonly string[];
  readonly attempts: readonly Attempt[];
  /** How candidates of `nearest` are found: 'off' where that is float32 alone. */
  readonly screen: Screen;
  /** What `threads` defaults to. */
  readonly threads: number;
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

let found: { addon?: Addon; attempt: Attempt } | undefined;

function findAddon(): { addon?: Addon; attempt: Attempt } {
  if (found) return found;
  const file = path.join(packageRoot(), 'build', 'Release', 'equipoise.node');
  try {
    const addon = createRequire(import.meta.url)(file) as Addon;
    found = { addon, attempt: { backend: 'addon', path: file } };
  } catch (error) {
    const reason = existsSync(file) ? (error as Error).message : 'no such file';
    found = { attempt: { backend: 'addon', path: file, error: reason.split('\n')[0] ?? reason } };
  }
  return found;
}

interface Loaded {
  readonly screen: Screen;
  readonly kernels: Kernels;
  readonly attempts: readonly Attempt[];
}

const cache = new Map<string, Loaded>();
let noticed = false;

/** A setting from the environment; empty counts as unset. */
function fromEnvironment<T extends string>(name: string, kind: string, known: readonly T[]): T | undefined {
  const value = process.env[name] || undefined;
  if (value !== undefined && !(known as readonly string[]).includes(value))
    throw unknownName(`${kind} in ${name}`, value, known, `${kind}s`);
  return value as T | undefined;
}

function chooseIsa(addon: Addon, wanted: string | undefined): string {
  if (wanted === undefined) return addon.isas[0] as string;
  if (addon.isas.includes(wanted)) return wanted;
  throw new EquipoiseError(
    'ERR_ENVIRONMENT',
    `Expected an instruction set that this CPU has but ${wanted} was asked for. Available: ${addon.isas.join(', ')}`,
  );
}

function load(options: LoadKernelsOptions): Loaded {
  const { backend, isa, screen } = options;
  if (backend !== undefined && !backends.includes(backend)) throw unknownName('kernel backend', backend, backends);
  if (isa !== undefined && !knownIsas.includes(isa)) throw unknownName('instruction set', isa, knownIsas);
  if (screen !== undefined && !screens.includes(screen)) throw unknownName('screen', screen, screens);
  if (isa !== undefined && backend === 'reference')
    throw expected('no instruction set', 'the reference kernels', isa, 'It chooses among those of the addon');
  const wantedBackend = backend ?? fromEnvironment('EQUIPOISE_KERNELS', 'kernel backend', backends);
  const wantedIsa = isa ?? fromEnvironment('EQUIPOISE_ISA', 'instruction set', knownIsas);
  const wantedScreen = screen ?? fromEnvironment('EQUIPOISE_SCREEN', 'screen', screens) ?? 'auto';
  const key = `${wantedBackend} ${wantedIsa} ${wantedScreen}`;
  let loaded = cache.get(key);
  if (!loaded) {
    loaded = wantedBackend === 'reference'
        ? loadReference([], wantedScreen)
        : loadAddon(wantedBackend, wantedIsa, wantedScreen);
    cache.set(key, loaded);
  }
  return loaded;
}

/** What the instruction set can do of what is wanted. */
function chooseScreen(wanted: Screen, isa: string, int8Isas: readonly string[]): Screen {
  if (int8Isas.includes(isa)) return wanted;
  if (wanted !== 'int8') return 'off';
  const available = int8Isas.length > 0 ? `Available with ${int8Isas.join(', ')}` : 'Nothing here has one';
  throw new EquipoiseError(
    'ERR_ENVIRONMENT',
    `Expected an instruction set with a dot product of bytes for the int8 screen but ${isa} is in use. ${available}`,
  );
}

function loadReference(before: readonly Attempt[], screen: Screen): Loaded {
  return {
    screen: chooseScreen(screen, referenceKernels.isa, []),
    kernels: checkedKernels(referenceKernels), attempts: [...before, { backend: 'reference' }] };
}

function loadAddon(backend: Backend | undefined, wantedIsa: string | undefined, wantedScreen: Screen): Loaded {
  const { addon, attempt } = findAddon();
  if (addon) {
    const isa = chooseIsa(addon, wantedIsa);
    const screen = chooseScreen(wantedScreen, isa, addon.int8Isas);
    return { screen, kernels: checkedKernels(addonKernels(addon, isa, screen)), attempts: [attempt] };
  }
  if (backend !== undefined || wantedIsa !== undefined)
    throw new EquipoiseError(
      'ERR_ENVIRONMENT',
      `The native kernels were asked for but did not load: ${attempt.path} (${attempt.error}). Build them with: npm run build`,
    );
  if (!noticed)
    process.stderr.write(
      `equipoise: using the slow reference kernels, because ${attempt.path} did not load (${attempt.error}). Build it with: npm run build\n`,
    );
  noticed = true;
  return loadReference([attempt], wantedScreen);
}

/**
 * Loads the kernels: the native addon, or, with one notice on stderr, the reference.
 *
 * @throws ERR_ENVIRONMENT when a backend or instruction set asked for by name (here, or by EQUIPOISE_KERNELS or
 * EQUIPOISE_ISA) is not there, saying where it was looked for; ERR_OPTION for an unknown name.
 *
 * @example
 * const kernels = loadKernels({ backend: 'reference' });
 */
export function loadKernels(options: LoadKernelsOptions = {}): Kernels {
  return load(options).kernels;
}

/** Which kernels are used and what was tried on the way. @throws as `loadKernels` */
export function kernelReport(options: LoadKernelsOptions = {}): KernelReport {
  const { kernels, attempts, screen } = load(options);
  return {
    backend: kernels.backend,
    isa: kernels.isa,
    isas: kernels.backend === 'addon' ? (findAddon().addon?.isas ?? []) : [],
    attempts,
    screen,
    threads: defaultThreads(),
  };
}
