/** Files that are whole or not there: written aside, synced, renamed. */

import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';

const PARTIAL = '.equipoise-partial';

/** True for the leftover of a run that was killed while writing. */
export function isPartial(name: string): boolean {
  return name.endsWith(PARTIAL);
}

/** The code of a file-system error: ENOENT, ENOSPC, … */
export function systemCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** A rename is lasting only once its directory is synced. */
async function syncDirectory(dir: string): Promise<void> {
  // Windows cannot open a directory and does not need it.
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let at = 0;
  while (at < chunk.length) at += (await handle.write(chunk, at)).bytesWritten;
}

/**
 * Writes `path` so that any reader at any moment, a power cut included, finds the old bytes or the new ones.
 * @throws ERR_ENVIRONMENT when the disk is full or refuses; nothing of the attempt stays behind.
 */
export async function writeAtomically(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ bytes: number; sha256: string }> {
  // Machines that share the folder may have processes of one number.
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}${PARTIAL}`);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const handle = await open(partial, 'w');
    try {
      for await (const chunk of content) {
        await writeAll(handle, chunk);
        hash.update(chunk);
        bytes += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    if (systemCode(error) === undefined || error instanceof EquipoiseError) throw error;
    const full = systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT';
    throw new EquipoiseError(
      'ERR_ENVIRONMENT',
      full
        ? `No space left for ${basename(path)} in ${dirname(path)}. Free some, or choose another folder`
        : `Cannot write ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Removes what killed runs left unfinished. */
export async function removePartials(dir: string): Promise<void> {
  for (const name of await readdir(dir)) if (isPartial(name)) await rm(join(dir, name), { force: true });
}

/**
 * The whole file in memory of its own, so that views of any element type align. Undefined when there is no such file.
 * @param into is used where the file fits: files read one after the other then take the memory of one.
 */
export async function readBytes(path: string, into?: ArrayBuffer): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const { size } = await handle.stat();
    const bytes = into && into.byteLength >= size ? new Uint8Array(into, 0, size) : new Uint8Array(size);
    // One read call moves less than 2 GiB.
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(bytes.length - at, 2 ** 30), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
