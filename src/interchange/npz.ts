/** NumPy's `.npz`: a zip archive of `.npy` arrays. */

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as yauzl from 'yauzl';
import { ZipFile } from 'yazl';
import { EquipoiseError } from '../core/errors.js';
import { mostUnpacked } from './text-file.js';
import { readNpy, type NpyArray } from './npy.js';

/** An archive whose arrays are read when asked for. */
export interface Npz {
  readonly names: readonly string[];
  /** As `readNpy`; undefined where there is no such array. */
  read(name: string, as?: 'float32' | 'float64'): Promise<NpyArray | undefined>;
}

/**
 * Reads the list of arrays of an archive.
 *
 * An array is unpacked into a temporary file and checked against its own header, so that a claim costs no memory.
 *
 * @throws ERR_DATA for a file that is no zip archive, is damaged, repeats a name, or unpacks to more than 200 times its
 *   size; and as `readNpy`.
 *
 * @example
 * const file = await readNpz('embeddings.npz');
 * const x = await file.read('embeddings');
 */
export async function readNpz(path: string): Promise<Npz> {
  const bad = (reason: string, cause?: unknown): EquipoiseError =>
    new EquipoiseError(
      'ERR_DATA',
      `Expected an .npz archive in ${path} but ${reason}. Save it again with numpy.savez`,
      {
        cause,
      },
    );
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof EquipoiseError ? error : bad((error as Error).message, error);
    }
  };
  const entries = async <T>(visit: (zip: yauzl.ZipFile, entry: yauzl.Entry) => Promise<T | undefined>) => {
    const zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true });
    try {
      for await (const entry of zip.eachEntry()) {
        const found = await visit(zip, entry);
        if (found !== undefined) return found;
      }
      return undefined;
    } finally {
      zip.close();
    }
  };
  const names: string[] = [];
  await guarded(() =>
    entries(async (_, { fileName, compressedSize, uncompressedSize }) => {
      if (!fileName.endsWith('.npy')) return undefined;
      const name = fileName.slice(0, -4);
      if (names.includes(name)) throw bad(`it has two arrays ${JSON.stringify(name)}`);
      if (uncompressedSize > mostUnpacked(compressedSize))
        throw bad(
          `array ${JSON.stringify(name)} unpacks from ${compressedSize} bytes to ${uncompressedSize}. If it is sound, save it unpacked`,
        );
      names.push(name);
      return undefined;
    }),
  );
  return {
    names,
    async read(name, as) {
      if (!names.includes(name)) return undefined;
      const folder = await mkdtemp(join(tmpdir(), 'equipoise-npz-'));
      const unpacked = join(folder, 'array.npy');
      try {
        await guarded(() =>
          entries(async (zip, entry) => {
            if (entry.fileName !== `${name}.npy`) return undefined;
            await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(unpacked));
            return true;
          }),
        );
        return await readNpy(unpacked, { ...(as && { as }) });
      } catch (error) {
        // The temporary file means nothing to a reader.
        if (error instanceof EquipoiseError)
          throw new EquipoiseError(error.code, error.message.replaceAll(unpacked, `${path}, array "${name}"`), {
            cause: error,
          });
        throw error;
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}

export interface ArrayToWrite {
  readonly name: string;
  /** The bytes of an .npy file, in pieces. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The bytes of an archive of arrays, unpacked as numpy.savez writes them. The same arrays give the same bytes. */
export function encodeNpz(arrays: readonly ArrayToWrite[]): AsyncIterable<Uint8Array> {
  const zip = new ZipFile();
  // The earliest time that the format can say.
  const mtime = new Date(1980, 0, 1);
  for (const { name, chunks } of arrays)
    zip.addReadStreamLazy(`${name}.npy`, { compress: false, forceDosTimestamp: true, mtime }, (give) =>
      give(null, Readable.from(chunks)),
    );
  zip.end();
  const bytes = zip.outputStream as Readable;
  // Otherwise the reader would wait for ever behind an array that failed.
  (zip as ZipFile & NodeJS.EventEmitter).on('error', (error: Error) => bytes.destroy(error));
  return bytes;
}
