/** Chooses a backend: the addon, else WebAssembly, else the reference. Keeps why each one failed. */

import { isMainThread } from 'node:worker_threads';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { addonKernels, screens, type Addon, type Screen } from './addon.js';
import { checkedKernels } from './checked.js';
import { findAddon, findWasm, remedy, type Attempt, type Found } from './find.js';
import type { Kernels } from './kernels.js';
import { referenceKernels } from './reference.js';
import { defaultThreads } from './threads.js';
import { wasmKernels } from './wasm.js';

type Backend = Kernels['backend'];
/** In the order in which they are tried. */
const backends = ['addon', 'wasm', 'reference'] as const satisfies readonly Backend[];

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

export interface KernelReport {
  readonly backend: Backend;
  readonly isa: string;
  /** Instruction sets that could be forced with EQUIPOISE_ISA. */
  readonly isas: readonly string[];
  readonly attempts: readonly Attempt[];
  /** How candidates of `nearest` are found: 'off' where that is float32 alone. */
  readonly screen: Screen;
  /** What decodes plain JPEG files: a library that was compiled in, else sharp, which decodes everything else. */
  readonly jpeg: string;
  /** What `threads` defaults to. */
  readonly threads: number;
}

interface Loaded {
  readonly screen: Screen;
  readonly kernels: Kernels;
  readonly attempts: readonly Attempt[];
}

const cache = new Map<string, Loaded>();

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
  if (isa !== undefined && backend !== undefined && backend !== 'addon')
    throw expected('no instruction set', `the ${backend} kernels`, isa, 'It chooses among those of the addon');
  const wantedBackend = backend ?? fromEnvironment('EQUIPOISE_KERNELS', 'kernel backend', backends);
  const wantedIsa = isa ?? fromEnvironment('EQUIPOISE_ISA', 'instruction set', knownIsas);
  const wantedScreen = screen ?? fromEnvironment('EQUIPOISE_SCREEN', 'screen', screens) ?? 'auto';
  const key = `${wantedBackend} ${wantedIsa} ${wantedScreen}`;
  let loaded = cache.get(key);
  if (!loaded) {
    // An instruction set is one of the addon's, so asking for one is asking for the addon.
    loaded = loadFirst(wantedBackend ?? (wantedIsa === undefined ? undefined : 'addon'), wantedIsa, wantedScreen);
    cache.set(key, loaded);
  }
  return loaded;
}

interface Opened {
  readonly kernels: Kernels;
  readonly screen: Screen;
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

const unscreened = (kernels: Kernels, wanted: Screen): Opened => ({
  kernels,
  screen: chooseScreen(wanted, kernels.isa, []),
});

const openers: Record<Backend, (isa: string | undefined, screen: Screen) => Found<Opened>> = {
  addon(wantedIsa, wanted) {
    const { code, attempts } = findAddon();
    if (!code) return { attempts };
    const isa = chooseIsa(code, wantedIsa);
    const screen = chooseScreen(wanted, isa, code.int8Isas);
    return { code: { kernels: addonKernels(code, isa, screen), screen }, attempts };
  },
  wasm(_, wanted) {
    const { code, attempts } = findWasm();
    return code ? { code: unscreened(wasmKernels(code), wanted), attempts } : { attempts };
  },
  reference: (_, wanted) => ({ code: unscreened(referenceKernels, wanted), attempts: [{ backend: 'reference' }] }),
};

const said: Record<Backend, string> = {
  addon: 'native kernels',
  wasm: 'WebAssembly kernels, several times slower than native ones',
  reference: 'reference kernels, hundreds of times slower than native ones',
};

function loadFirst(wanted: Backend | undefined, isa: string | undefined, screen: Screen): Loaded {
  const attempts: Attempt[] = [];
  for (const backend of wanted === undefined ? backends : [wanted]) {
    const found = openers[backend](isa, screen);
    attempts.push(...found.attempts);
    if (!found.code) continue;
    if (wanted === undefined && backend !== 'addon') notice(`using the ${said[backend]}, because ${reasons(attempts)}`);
    return { kernels: checkedKernels(found.code.kernels), screen: found.code.screen, attempts };
  }
  throw new EquipoiseError(
    'ERR_ENVIRONMENT',
    `The ${wanted} kernels were asked for by name but did not load: ${reasons(attempts)}`,
  );
}

/** Each failure, and what to do about it. */
function reasons(attempts: readonly Attempt[]): string {
  const failures = attempts.filter(({ error }) => error !== undefined);
  return `${failures.map(({ path, error }) => `${path}: ${error}`).join('; ')}. ${remedy()}`;
}

let noticed = false;

function notice(text: string): void {
  // The main thread has said it to the same person.
  if (!noticed && isMainThread) process.stderr.write(`equipoise: ${text}\n`);
  noticed = true;
}

/**
 * Loads the kernels: the native addon, or, with one notice on stderr, WebAssembly or the reference.
 *
 * @throws ERR_ENVIRONMENT when a backend or instruction set asked for by name (here, or by EQUIPOISE_KERNELS or
 * EQUIPOISE_ISA) is not there, saying where it was looked for; ERR_OPTION for an unknown name.
 *
 * @example
 * const kernels = loadKernels({ backend: 'wasm' });
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
    isas: kernels.backend === 'addon' ? (findAddon().code?.isas ?? []) : [],
    attempts,
    screen,
    jpeg: kernels.jpeg?.library ?? 'sharp',
    threads: defaultThreads(),
  };
}
