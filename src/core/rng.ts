/**
 * Counter-based random numbers: Philox-4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC11).
 *
 * A draw is a pure function of (seed, stream, index), so results do not depend on the order in which
 * samples are made, on threads, or on how many draws another part of the program took.
 */

import { expected } from './errors.js';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers, in 16-bit limbs (JavaScript has no such operation). */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (middle2 >>> 16)) >>> 0;
}

/** One Philox-4x32-10 block: four counter words and two key words in, four random words out (written to `out`). */
export function philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array): void {
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(MULTIPLIER_0, c0 >>> 0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = mulHigh(MULTIPLIER_1, c2 >>> 0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a over UTF-16 code units: turns a stream's name into a key word. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The draws belonging to one index of a stream, in order. Independent of every other index. */
export interface Draws {
  /** Uniform unsigned 32-bit integer. */
  uint32(): number;
  /** Uniform in [0, 1), a multiple of 2^-24 and therefore exact in float32: rounding never reaches 1. */
  uniform(): number;
  /** Uniform integer in [0, bound), without modulo bias; bound in [1, 2^32]. */
  below(bound: number): number;
  /** Standard normal (Box-Muller, one output per two draws). */
  normal(): number;
}

/** Draws that can be moved to another index, so that a loop over samples allocates nothing. */
export class DrawCursor implements Draws {
  readonly #key0: number;
  readonly #key1: number;
  readonly #salt: number;
  readonly #block = new Uint32Array(4);
  #low = 0;
  #high = 0;
  #counter = 0;
  #used = 4;

  constructor(key0: number, key1: number, salt: number) {
    this.#key0 = key0;
    this.#key1 = key1;
    this.#salt = salt;
  }

  /** Moves to the first draw of an index; returns itself. */
  seek(index: number): this {
    this.#low = index >>> 0;
    this.#high = Math.floor(index / 0x100000000) >>> 0;
    this.#counter = 0;
    this.#used = 4;
    return this;
  }

  uint32(): number {
    if (this.#used === 4) {
      philox(this.#low, this.#high, this.#counter++, this.#salt, this.#key0, this.#key1, this.#block);
      this.#used = 0;
    }
    return this.#block[this.#used++] as number;
  }

  uniform(): number {
    return (this.uint32() >>> 8) * 2 ** -24;
  }

  below(bound: number): number {
    if (bound <= 1) return 0;
    // Only words below the largest multiple of bound are taken, so that every value is equally likely. Few are near it, and
    // the remainder of 2^32 is a slow one.
    let word = this.uint32();
    while (word > 0x100000000 - bound && word >= 0x100000000 - (0x100000000 % bound)) word = this.uint32();
    // The remainder: the quotient of two such whole numbers never rounds up to the next one, and % takes three times as long.
    return word - Math.floor(word / bound) * bound;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/**
 * A named stream of random draws.
 *
 * @example
 * const rng = createRng(0, 'eos/steps');
 * const draws = rng.at(41);          // sample 41, whatever came before
 * const step = draws.uniform();
 */
export class Rng {
  readonly #key0: number;
  readonly #key1: number;
  readonly #salt: number;
  readonly seed: number;
  readonly stream: string;

  constructor(seed: number, stream: string) {
    if (!Number.isSafeInteger(seed) || seed < 0) throw expected('a whole number from 0 to 2^53 - 1', 'seed', seed);
    this.seed = seed;
    this.stream = stream;
    this.#key0 = seed >>> 0;
    // The seed's high part and the stream name share the second key word; the name also enters the counter below.
    this.#key1 = (Math.floor(seed / 0x100000000) ^ hashName(stream)) >>> 0;
    this.#salt = hashName(`${stream.length}:${stream}`);
  }

  /** A stream of its own under this one. */
  substream(name: string | number): Rng {
    return new Rng(this.seed, `${this.stream}/${name}`);
  }

  /** A cursor over this stream, standing at index 0; `seek` it to any sample. */
  cursor(): DrawCursor {
    return new DrawCursor(this.#key0, this.#key1, this.#salt);
  }

  /** The draws of one index. */
  at(index: number): Draws {
    return this.cursor().seek(index);
  }

  /** A random permutation of 0 … n − 1 (Fisher-Yates over one index's draws). */
  permutation(n: number, index = 0): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    const draws = this.at(index);
    for (let i = n - 1; i > 0; i--) {
      const j = draws.below(i + 1);
      const swap = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swap;
    }
    return order;
  }
}

export function createRng(seed: number, stream: string): Rng {
  return new Rng(seed, stream);
}
