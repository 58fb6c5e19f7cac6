/** An instance of the WebAssembly module: typed arrays are copied into its memory, worked on there, and copied back. */

import { EquipoiseError } from '../core/errors.js';

/** The part of the WebAssembly API in use: TypeScript declares it beside the browser's only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule) => { readonly exports: unknown };
}

/** Compiled code. It can be sent to other threads. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

const api = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** What native/wasm/exports.cpp exports. Pointers are byte offsets, which JavaScript sees as signed. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  reserve(bytes: number): number;
  release(pointer: number): void;
  nearest(
    x: number,
    rows: number,
    cols: number,
    labels: number,
    queries: number,
    count: number,
    k: number,
    among: number,
    first: number,
    last: number,
    indices: number,
    l2sq: number,
    exact: number,
  ): number;
  interpolate(x: number, cols: number, base: number, other: number, step: number, count: number, out: number): void;
  gemm(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    alpha: number,
    beta: number,
  ): number;
  resample(
    pixels: number,
    width: number,
    height: number,
    channels: number,
    acrossOutputs: number,
    across: number,
    acrossStride: number,
    downOutputs: number,
    down: number,
    downStride: number,
    values: number,
    order: number,
    orderSize: number,
    out: number,
    rowStep: number,
    pixelStep: number,
    channelStep: number,
  ): number;
}

type Values = Float32Array | Int32Array | Uint8Array;

/** As `Status` in native/core/kernels.hpp. */
const OUT_OF_MEMORY = 2;
/** 4 GiB, less what rounding up the size of one array may add. */
const MOST_BYTES = 2 ** 32 - 128;

/** @throws where the bytes are no module, or the engine lacks SIMD. */
export function compileWasm(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  return new api.Module(bytes);
}

export class WasmInstance {
  readonly exports: WasmExports;

  constructor(module: WasmModule) {
    this.exports = new api.Instance(module).exports as WasmExports;
    this.exports._initialize();
  }

  /** Room to be given back with `release`. @throws ERR_ENVIRONMENT beyond 4 GiB */
  reserve(bytes: number, doing: string): number {
    checkBytes(bytes, doing);
    const pointer = this.exports.reserve(bytes) >>> 0;
    if (pointer === 0) throw outOfMemory(doing);
    return pointer;
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, pointer, length);
  }

  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer, pointer, length);
  }

  doubles(pointer: number, length: number): Float64Array {
    return new Float64Array(this.exports.memory.buffer, pointer, length);
  }

  ints(pointer: number, length: number): Int32Array {
    return new Int32Array(this.exports.memory.buffer, pointer, length);
  }

  /**
   * Runs `work` on the pointers of the arrays: first `inputs`, copied in, then `rooms`, only reserved. Everything is given
   * back afterwards, so results must be copied out in `work`. Views must be taken after the call, which may move the memory.
   */
  with<T>(inputs: readonly Values[], rooms: readonly number[], doing: string, work: (pointers: number[]) => T): T {
    const pointers: number[] = [];
    try {
      for (const bytes of [...inputs.map((values) => values.byteLength), ...rooms.map((length) => 4 * length)])
        pointers.push(this.reserve(bytes, doing));
      for (const [i, { buffer, byteOffset, byteLength }] of inputs.entries())
        this.bytes(pointers[i] as number, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
      return work(pointers);
    } finally {
      for (const pointer of pointers) this.exports.release(pointer);
    }
  }
}

function outOfMemory(doing: string): EquipoiseError {
  return new EquipoiseError(
    'ERR_ENVIRONMENT',
    `Out of memory while ${doing}: WebAssembly has 4 GiB at most. Use the native kernels, or fewer rows at a time`,
  );
}

/** @throws ERR_ENVIRONMENT for more than the memory of an instance can ever hold. */
export function checkBytes(bytes: number, doing: string): void {
  if (bytes > MOST_BYTES) throw outOfMemory(doing);
}

/** @throws ERR_ENVIRONMENT */
export function checkStatus(status: number, doing: string): void {
  if (status === OUT_OF_MEMORY) throw outOfMemory(doing);
}
