/** Element types of array files, and reading many of them from a file without holding its bytes beside the numbers. */

import { open, type FileHandle } from 'node:fs/promises';
import { EquipoiseError } from '../core/errors.js';
import { fromFloat16 } from '../store/index.js';

export interface ElementType {
  readonly bytes: number;
  readonly get: (view: DataView, at: number, littleEndian: boolean) => number;
}

const oneHalf = new Uint16Array(1);
const oneFloat = new Float32Array(1);
const brainWord = new DataView(new ArrayBuffer(4));

export const elementTypes = {
  bool: { bytes: 1, get: (view, at) => view.getUint8(at) },
  uint8: { bytes: 1, get: (view, at) => view.getUint8(at) },
  int8: { bytes: 1, get: (view, at) => view.getInt8(at) },
  uint16: { bytes: 2, get: (view, at, little) => view.getUint16(at, little) },
  int16: { bytes: 2, get: (view, at, little) => view.getInt16(at, little) },
  uint32: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  int32: { bytes: 4, get: (view, at, little) => view.getInt32(at, little) },
  uint64: { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) },
  int64: { bytes: 8, get: (view, at, little) => Number(view.getBigInt64(at, little)) },
  float16: {
    bytes: 2,
    get(view, at, little) {
      oneHalf[0] = view.getUint16(at, little);
      return fromFloat16(oneHalf, oneFloat)[0] as number;
    },
  },
  // The upper half of a float32.
  bfloat16: {
    bytes: 2,
    get(view, at, little) {
      brainWord.setUint32(0, view.getUint16(at, little) << 16);
      return brainWord.getFloat32(0);
    },
  },
  float32: { bytes: 4, get: (view, at, little) => view.getFloat32(at, little) },
  float64: { bytes: 8, get: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Record<string, ElementType>;

export type ElementName = keyof typeof elementTypes;

const WINDOW_BYTES = 2 ** 24;
const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** An open file that is read at positions. Close it. */
export class BinaryFile {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.size = size;
  }

  static async open(path: string): Promise<BinaryFile> {
    try {
      const handle = await open(path, 'r');
      const stats = await handle.stat();
      if (stats.isFile()) return new BinaryFile(path, handle, stats.size);
      await handle.close();
      throw new Error('it is not a file');
    } catch (error) {
      throw new EquipoiseError('ERR_DATA', `Expected a readable file at ${path}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Bytes at … at + length − 1, fewer only where the file ends. */
  async read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - at)));
    return bytes.subarray(0, await this.#readInto(bytes, at));
  }

  async #readInto(bytes: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  /**
   * Reads `out.length` elements from byte `at`; element k goes to `out[place(k)]`, or `out[k]`.
   * @throws ERR_DATA when the file ends first.
   */
  async elements(
    at: number,
    name: ElementName,
    littleEndian: boolean,
    out: Float32Array | Float64Array,
    place?: (k: number) => number,
  ): Promise<void> {
    const type: ElementType = elementTypes[name];
    const perWindow = WINDOW_BYTES / type.bytes;
    // Already as it lies in the file: straight into the result.
    const direct =
      name === 'float32' && out instanceof Float32Array && littleEndian === hostIsLittleEndian && place === undefined;
    for (let start = 0; start < out.length; start += perWindow) {
      const count = Math.min(perWindow, out.length - start);
      const bytes = direct
        ? new Uint8Array(out.buffer, out.byteOffset + start * 4, count * 4)
        : new Uint8Array(count * type.bytes);
      if ((await this.#readInto(bytes, at + start * type.bytes)) < bytes.length)
        throw new EquipoiseError('ERR_DATA', `${this.path} ends before its last number. Fetch the file again`);
      if (direct) continue;
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < count; i++)
        out[place ? place(start + i) : start + i] = type.get(view, i * type.bytes, littleEndian);
    }
  }
}

/** Product of a shape, or undefined when it is no shape of a size that memory can have. */
export function elementCount(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const length of shape) {
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) return undefined;
    count *= length;
  }
  return Number.isSafeInteger(count) ? count : undefined;
}
