/** A file from the network onto the disk, whole or not at all. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import type { OnProgress } from '../core/progress.js';
import { withLock } from './file-lock.js';

/** Nothing that is fetched here is larger: ONNX files end at 2 GiB. */
const MAX_BYTES = 2 ** 31;
const MAX_REDIRECTS = 5;
/** Attempts without a single new byte. */
const MAX_ATTEMPTS = 4;

export interface Remote {
  readonly url: string;
  readonly sha256?: string;
  readonly bytes?: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Longest silence, when connecting and between two pieces; default 30 s. */
  readonly stallMs?: number;
  /** Before the second attempt, doubled before each further one; default 500 ms. */
  readonly retryMs?: number;
}

export interface Downloaded {
  readonly sha256: string;
  readonly bytes: number;
}

/** Of the file as it is on the disk. */
export async function digest(path: string): Promise<Downloaded> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

const isLoopback = ({ hostname }: URL) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/**
 * An address that may be asked.
 * @param pinned whether the content's hash is known, so that nobody between can change it unseen.
 * @throws ERR_OPTION for another scheme, for credentials, and for plain http without a known hash.
 */
export function checkAddress(text: string, pinned: boolean): URL {
  const refuse = (why: string) => new EquipoiseError('ERR_OPTION', `Refused to fetch ${text}: ${why}`);
  if (!URL.canParse(text)) throw refuse('it is no address');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new EquipoiseError('ERR_OPTION', `Refused to fetch from ${url.host}: the address holds credentials`);
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && (pinned || isLoopback(url))) return url;
  throw refuse(
    url.protocol === 'http:'
      ? 'over http anybody between could change it. Use https, or give its sha256'
      : 'only http and https addresses are fetched',
  );
}

/** Failures that may be over by the next attempt. */
class Transient extends Error {}

const isOk = (status: number) => status === 200 || status === 206;

type Send = (url: string, headers: Record<string, string>) => Promise<Dispatcher.ResponseData>;

/** Asks, and follows redirects, but never from https to http. */
async function ask(remote: Remote, headers: Record<string, string>, send: Send): Promise<Dispatcher.ResponseData> {
  let url = checkAddress(remote.url, remote.sha256 !== undefined);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await send(url.href, headers);
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== 'string') return response;
    await response.body.dump();
    if (!URL.canParse(location, url.href))
      throw new EquipoiseError('ERR_DATA', `${url.href} redirects to ${location.slice(0, 200)}, which is no address`);
    const next = new URL(location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:')
      throw new EquipoiseError(
        'ERR_INTEGRITY',
        `${url.host} redirects from https to ${next.href}. That is not followed`,
      );
    url = checkAddress(next.href, remote.sha256 !== undefined);
  }
  throw new EquipoiseError('ERR_DATA', `${remote.url} redirects more than ${MAX_REDIRECTS} times`);
}

/** What is remembered of an unfinished file, so that the rest can be asked for. */
interface Unfinished {
  readonly url: string;
  readonly etag: string;
}

async function readPartial(path: string, { url }: Remote): Promise<{ at: number; etag: string } | undefined> {
  try {
    const { size } = await stat(path);
    const saved = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Unfinished;
    return saved.url === url && size > 0 && typeof saved.etag === 'string' ? { at: size, etag: saved.etag } : undefined;
  } catch {
    return undefined;
  }
}

async function discard(part: string): Promise<void> {
  await Promise.all([rm(part, { force: true }), rm(`${part}.json`, { force: true })]);
}

/** One attempt: asks for what is missing and appends it. */
async function fetchRest(remote: Remote, part: string, send: Send, { onProgress }: DownloadOptions): Promise<void> {
  const saved = await readPartial(part, remote);
  const asked = saved ? { range: `bytes=${saved.at}-`, 'if-range': saved.etag } : {};
  const response = await ask(remote, { 'accept-encoding': 'identity', ...asked }, send);
  const { statusCode, headers, body } = response;
  const refuse = (why: string) => new EquipoiseError('ERR_DATA', `Cannot fetch ${remote.url}: ${why}`);
  if (!isOk(statusCode)) {
    await body.dump();
    if (statusCode === 416) {
      await discard(part);
      throw new Transient('the server has no such rest of the file');
    }
    if (statusCode >= 500 || statusCode === 429 || statusCode === 408)
      throw new Transient(`the server answered ${statusCode}`);
    throw refuse(`the server answered ${statusCode}. Check the address`);
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') {
    await body.dump();
    throw refuse(`it comes encoded as ${String(coding)}, which was not asked for`);
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'] ?? ''));
  const start = statusCode === 206 ? Number(range?.[1] ?? -1) : 0;
  if (start !== 0 && start !== saved?.at) {
    await body.dump();
    await discard(part);
    throw new Transient('the server sent another part than was asked for');
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const total = range && range[2] !== '*' ? Number(range[2]) : length === undefined ? undefined : start + length;
  const wrongSize = (size: number) =>
    new EquipoiseError(
      'ERR_INTEGRITY',
      `Expected ${remote.bytes} bytes from ${remote.url} but it has ${size}. It is not the declared file`,
    );
  if (total !== undefined && remote.bytes !== undefined && total !== remote.bytes) {
    await body.dump();
    await discard(part);
    throw wrongSize(total);
  }
  const limit = remote.bytes ?? MAX_BYTES;
  const { etag } = headers;
  // A weak one does not promise the same bytes.
  if (typeof etag === 'string' && !etag.startsWith('W/'))
    await writeFile(`${part}.json`, JSON.stringify({ url: remote.url, etag } satisfies Unfinished));
  else await rm(`${part}.json`, { force: true });
  const file = await open(part, start > 0 ? 'a' : 'w');
  let done = start;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      done += chunk.length;
      if (done > limit) throw remote.bytes === undefined ? refuse(`it exceeds ${MAX_BYTES} bytes`) : wrongSize(done);
      await file.write(chunk);
      onProgress?.({ stage: 'download', done, total: total ?? done });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && done < total) throw new Transient(`the file ended at ${done} of ${total} bytes`);
}

/** Why an attempt failed, if it may be repeated. */
function transience(error: unknown): string | undefined {
  if (error instanceof Transient) return error.message;
  if (error instanceof EquipoiseError || !(error instanceof Error) || error.name === 'AbortError') return undefined;
  const { code } = error as NodeJS.ErrnoException;
  const network = /^UND_ERR|^ECONN|^ETIMEDOUT$|^EPIPE$|^EAI_AGAIN$|^ENOTFOUND$|^ENETUNREACH$|^EHOSTUNREACH$/;
  return network.test(code ?? '') || error.message === 'terminated'
    ? `${error.message} (${code ?? 'cut off'})`
    : undefined;
}

async function fetchWhole(remote: Remote, part: string, options: DownloadOptions): Promise<void> {
  const { stallMs = 30_000, retryMs = 500, signal } = options;
  // Loaded here, for most programs fetch nothing and it takes 10 MB. The agent reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
  const { EnvHttpProxyAgent, request } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: stallMs },
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
  });
  const send: Send = (url, headers) => request(url, { dispatcher, headers, ...(signal && { signal }) });
  const size = async () => (await stat(part).catch(() => undefined))?.size ?? 0;
  try {
    for (let attempt = 1, before = await size(); ; attempt++) {
      throwIfAborted(signal, `fetching ${remote.url}`);
      try {
        return await fetchRest(remote, part, send, options);
      } catch (error) {
        throwIfAborted(signal, `fetching ${remote.url}`);
        const why = transience(error);
        if (why === undefined) throw error;
        const now = await size();
        if (now > before) attempt = 1;
        before = now;
        if (attempt >= MAX_ATTEMPTS)
          throw new EquipoiseError(
            'ERR_ENVIRONMENT',
            `Cannot fetch ${remote.url}: ${why}. Tried ${attempt} times without a new byte; what has arrived is kept, and the same command goes on from there`,
            { cause: error },
          );
        await pause(retryMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {});
      }
    }
  } finally {
    await dispatcher.destroy();
  }
}

/** Whether a file is the declared one; an undeclared one never is. */
export async function isDeclared(path: string, { sha256, bytes }: Pick<Remote, 'sha256' | 'bytes'>): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (sha256 === undefined || !found?.isFile() || (bytes !== undefined && found.size !== bytes)) return false;
  return (await digest(path)).sha256 === sha256;
}

/**
 * Fetches a file: into `target.part`, going on where an earlier attempt ended, checked, then renamed. One process at a time;
 * another waits and finds the file there.
 *
 * @throws ERR_INTEGRITY when it is not the declared file, ERR_ENVIRONMENT when the network fails for good, ERR_DATA for what
 * the server refuses, ERR_ABORTED.
 */
export async function download(remote: Remote, target: string, options: DownloadOptions = {}): Promise<Downloaded> {
  const part = `${target}.part`;
  return withLock(`${target}.lock`, options.signal, async () => {
    if (await isDeclared(target, remote)) return digest(target);
    for (let fresh = (await readPartial(part, remote)) === undefined; ; fresh = true) {
      await fetchWhole(remote, part, options);
      const found = await digest(part);
      if (remote.sha256 === undefined || remote.sha256 === found.sha256) {
        await rename(part, target);
        await rm(`${part}.json`, { force: true });
        const folder = await open(dirname(target), 'r');
        await folder.sync().catch(() => undefined);
        await folder.close();
        return found;
      }
      await discard(part);
      // The beginning may have been of another time; the whole is fetched once more.
      if (fresh)
        throw new EquipoiseError(
          'ERR_INTEGRITY',
          `Expected sha256 ${remote.sha256} from ${remote.url} but it has ${found.sha256}. It was not kept`,
        );
    }
  });
}
