/** One process at a time, by a file that exists while the work is done. */

import { randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { throwIfAborted } from '../core/errors.js';

/** A lock that nobody has touched for so long is of a process that is gone. */
const STALE_MS = 60_000;
const TOUCH_MS = 10_000;
/** How often a waiting process looks, where the file system tells nothing. */
const LOOK_MS = 1_000;

interface Owner {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whoever holds a lock, if they are gone. */
async function goneOwner(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner;
    const { mtimeMs } = await stat(path);
    const dead = owner.host === hostname() && !isAlive(owner.pid);
    return dead || Date.now() - mtimeMs > STALE_MS ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the lock, or tells that somebody else has it. The file appears with its content, never empty. */
async function take(path: string, owner: Owner): Promise<boolean> {
  const mine = `${path}.${owner.id}`;
  await writeFile(mine, JSON.stringify(owner));
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Resolves when something in the lock's folder changed, or after a while. */
function change(path: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    let watcher: ReturnType<typeof watch> | undefined;
    try {
      watcher = watch(dirname(path), (_, name) => name === basename(path) && done());
      watcher.on('error', () => undefined);
    } catch {
      // Then the clock alone wakes us.
    }
    signal?.addEventListener('abort', done);
  });
}

/** Removes a dead lock. The right to do so is itself a lock, named after the dead: only one of those who wait gets it. */
async function bury(path: string, gone: Owner, owner: Owner): Promise<void> {
  const grave = `${path}.${gone.id}.gone`;
  if (await take(grave, owner)) {
    if ((await goneOwner(path))?.id === gone.id) await rm(path, { force: true });
    await rm(grave, { force: true });
  } else if (await goneOwner(grave)) await rm(grave, { force: true });
}

/**
 * Does `work` while no other process does, waiting for those that do; a lock whose process is gone is taken over.
 * @throws ERR_ABORTED while waiting.
 */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const owner: Owner = { id: randomUUID(), host: hostname(), pid: process.pid };
  while (!(await take(path, owner))) {
    throwIfAborted(signal, `waiting for ${path}`);
    const gone = await goneOwner(path);
    if (gone === undefined) await change(path, signal);
    else await bury(path, gone, owner);
  }
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
}
