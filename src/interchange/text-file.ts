/** Files of text, packed or not. */

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EquipoiseError } from '../core/errors.js';

/** Text and pixels pack 3 to 50 times; gzip allows 1,032, which is what bombs are made of. */
const MOST_TIMES = 200;
const ALWAYS_ALLOWED = 2 ** 28;

/** How much a sound file of so many packed bytes may unpack to. */
export const mostUnpacked = (packed: number): number => Math.max(ALWAYS_ALLOWED, MOST_TIMES * packed);

/** @throws ERR_DATA for what is no gzip, is cut, or unpacks to more than 200 times its size. */
export async function unpackGzip(bytes: Uint8Array, path: string): Promise<Buffer> {
  const most = Math.min(2 ** 32 - 1, mostUnpacked(bytes.length));
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: most });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new EquipoiseError(
      'ERR_DATA',
      tooLarge
        ? `Expected at most ${most} bytes inside ${path} (${bytes.length} packed) but it unpacks to more. If it is sound, unpack it with gunzip and pass that file`
        : `Expected gzip data in ${path} but it does not unpack (${(error as Error).message}). Fetch the file again`,
      { cause: error },
    );
  }
}

/**
 * The whole of a file of UTF-8, unpacked where its name ends in .gz, without byte order mark.
 * @throws ERR_DATA for a file that cannot be read, is not UTF-8 or does not unpack.
 */
export async function readText(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a readable file at ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (path.toLowerCase().endsWith('.gz')) bytes = await unpackGzip(bytes, path);
  if (!isUtf8(bytes))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected UTF-8 text in ${path} but received other bytes. Convert it, for example: iconv -f latin1 -t utf-8 FILE`,
    );
  return bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? bytes.subarray(3) : bytes;
}
