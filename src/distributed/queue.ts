/** The queue in Redis (BullMQ), which is optional and loaded only here. */

import { readFile } from 'node:fs/promises';
import type * as BullMQ from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { EquipoiseError, expected } from '../core/errors.js';

/** One shard to embed. Jobs carry references, never tensors: every worker must reach the same storage by the same paths. */
export interface ShardJob {
  /** Tells jobs of one run from those of another: store folder and dataset fingerprint. */
  readonly run: string;
  /** The store's folder, absolute. */
  readonly out: string;
  readonly index: number;
  readonly fingerprint: string;
  /** What the opener of the worker needs to open the same dataset and backbone; plain JSON. */
  readonly source: unknown;
}

export interface QueueOptions {
  /** `redis://` or, for TLS, `rediss://`; with user and password where Redis asks for them. */
  readonly queue: string;
  /** Runs of one name share workers. Default `equipoise`. */
  readonly queueName?: string;
  /** Passed through to ioredis: TLS certificates, sentinels, time-outs. */
  readonly redis?: RedisOptions;
}

export interface Connection {
  readonly bull: typeof BullMQ;
  readonly name: string;
  /** A connection of its own for each user: those of workers block. */
  connect(): Redis;
}

/** @throws ERR_ENVIRONMENT where bullmq or ioredis is not installed. */
async function load(): Promise<{ bull: typeof BullMQ; Redis: typeof Redis }> {
  try {
    const [bull, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bull, Redis: ioredis.Redis };
  } catch (error) {
    throw new EquipoiseError(
      'ERR_ENVIRONMENT',
      `A queue needs the packages bullmq and ioredis, which are not installed: npm install bullmq ioredis (${(error as Error).message})`,
      { cause: error },
    );
  }
}

/** The URL without its password, for messages. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}

/**
 * Connects once to see that Redis is there.
 * @throws ERR_OPTION for what is no Redis URL; ERR_ENVIRONMENT when Redis cannot be reached or refuses.
 */
export async function openConnection({
  queue,
  queueName = 'equipoise',
  redis = {},
}: QueueOptions): Promise<Connection> {
  if (typeof queue !== 'string' || !/^rediss?:\/\//.test(queue))
    throw expected(
      'a URL such as redis://localhost:6379',
      'queue',
      typeof queue === 'string' ? shownUrl(queue) : queue,
    );
  if (!/^[\w.-]+$/.test(queueName)) throw expected('letters, digits, "." and "-"', 'queueName', queueName);
  const { bull, Redis } = await load();
  const probe = new Redis(queue, { ...redis, maxRetriesPerRequest: 1, retryStrategy: () => null, lazyConnect: true });
  let reason = '';
  probe.on('error', (error: Error) => (reason = error.message));
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    throw new EquipoiseError(
      'ERR_ENVIRONMENT',
      `Expected Redis at ${shownUrl(queue)} but it cannot be used: ${reason || (error as Error).message}. Start it, or correct the address, user or password`,
      { cause: error },
    );
  } finally {
    probe.disconnect();
  }
  return {
    bull,
    name: queueName,
    connect() {
      // Redis may be restarted: wait for it for as long as it takes.
      const connection = new Redis(queue, { ...redis, maxRetriesPerRequest: null });
      // Told by the next thing that fails; an unheard error would end the process.
      connection.on('error', () => undefined);
      return connection;
    },
  };
}

/** Options of ioredis from a JSON file; `{ "tls": { "caFile": "ca.pem" } }` reads the certificate. */
export async function readRedisOptions(path: string): Promise<RedisOptions> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected JSON with options of ioredis in ${path}: ${(error as Error).message}`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected('a JSON object with options of ioredis', path, value);
  const { tls, ...rest } = value as { tls?: Record<string, unknown> } & RedisOptions;
  if (tls === undefined) return rest;
  const { caFile, certFile, keyFile, ...others } = tls;
  const files = await Promise.all(
    Object.entries({ ca: caFile, cert: certFile, key: keyFile })
      .filter(([, file]) => file !== undefined)
      .map(async ([name, file]) => {
        try {
          return [name, await readFile(file as string, 'utf8')];
        } catch (error) {
          throw expected('the path of a PEM file', `tls.${name}File of ${path}`, file, (error as Error).message);
        }
      }),
  );
  return { ...rest, tls: { ...others, ...Object.fromEntries(files) } };
}
