/**
 * onnxruntime off the event loop. Its `run` blocks the thread that calls it, promise or not, so each session lives in a
 * worker thread. Node 20 cannot share memory with it: what goes in and comes out is transferred.
 */

import { Worker } from 'node:worker_threads';
import { EquipoiseError, expected } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import type { ImageItems } from './items.js';
import {
  BUSY,
  STOP,
  type EmbeddedImages,
  type Failed,
  type Feeds,
  type Opened,
  type Reply,
  type Request,
  type SessionTensor,
  type Tensor,
  type WorkerSettings,
} from './session-protocol.js';

export type { EmbeddedImages, Feeds, SessionTensor, Tensor };

export interface SessionOptions {
  /** Threads of one operator. */
  readonly threads: number;
  /** Names the model in messages. */
  readonly where?: string;
  /** How images become what the model takes. */
  readonly images?: ImageItems;
}

/** A model that is run off the event loop. */
export interface ModelSession extends AsyncDisposable {
  readonly inputs: readonly SessionTensor[];
  readonly outputs: readonly SessionTensor[];
  /** Several runs may be in flight; they are done in order. The arrays of `feeds` are copied. */
  run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

/** A prepared backbone in a thread of its own. */
export interface EmbeddingSession extends AsyncDisposable {
  /**
   * Embeds a batch of `count` items → (count, dim); several may be in flight, and are run in order. The whole memory behind
   * `inputs` is given away.
   */
  run(batch: { readonly inputs: Feeds; readonly count: number }): Promise<Float32Array>;
  /**
   * Reads, prepares and embeds images, a run a batch. An image that cannot be embedded is left out and told in `failures`.
   * @throws ERR_OPTION where the backbone takes no images
   */
  embedImages(batches: readonly (readonly ItemContent[])[]): Promise<EmbeddedImages>;
  close(): Promise<void>;
}

/** Memory that may be taken is given away with all that lies behind the view; other memory is copied. */
function detached({ data, dims }: Tensor, mayTake: boolean): Tensor & { data: { buffer: ArrayBuffer } } {
  const takes = mayTake && data.buffer instanceof ArrayBuffer;
  return { data: takes ? data : data.slice(), dims } as Tensor & { data: { buffer: ArrayBuffer } };
}

/** With memory of its own: sending a view would send all that lies behind it. */
function ownCopy(content: ItemContent): ItemContent {
  if (content.kind === 'encoded-image') return { kind: content.kind, bytes: new Uint8Array(content.bytes) };
  return content.kind === 'pixels' ? { ...content, data: new Uint8Array(content.data) } : content;
}

function memoryOf(content: ItemContent): ArrayBuffer[] {
  if (content.kind === 'encoded-image') return [content.bytes.buffer as ArrayBuffer];
  return content.kind === 'pixels' ? [content.data.buffer as ArrayBuffer] : [];
}

/**
 * The program's own flags, but for the one that says what the text after `--eval` is: the worker is a file. Without that one,
 * nothing: a worker inherits them by itself, and would refuse to be told those of the engine, such as `--expose-gc`.
 */
function workerFlags(flags: readonly string[]): string[] | undefined {
  if (!flags.some((flag) => flag.startsWith('--input-type'))) return undefined;
  return flags.filter((flag, i) => !flag.startsWith('--input-type') && flags[i - 1] !== '--input-type');
}

/**
 * What native code of the runtime does when its thread is ended in the middle of a run is to abort the whole process,
 * so a process that exits lets each run that has begun come to its end.
 */
const busyFlags = new Set<Int32Array>();
const MAX_WAIT_MS = 60_000;

function waitForWorkers(): void {
  for (const flags of busyFlags) Atomics.store(flags, STOP, 1);
  for (const flags of busyFlags) Atomics.wait(flags, BUSY, 1, MAX_WAIT_MS);
}

/** The worker and the requests it has not answered yet. */
class Connection {
  readonly #worker: Worker;
  readonly #where: string;
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #next = 0;
  #ended: EquipoiseError | undefined;
  #closing: Promise<void> | undefined;

  constructor(bytes: Uint8Array, { threads, where = 'the model', images }: SessionOptions) {
    if (!Number.isSafeInteger(threads) || threads < 1) throw expected('integer >= 1', 'threads', threads);
    this.#where = where;
    const flags = workerFlags(process.execArgv);
    this.#worker = new Worker(new URL('./session-worker.js', import.meta.url), {
      workerData: { bytes, threads, flags: this.#flags, ...(images && { images }) } satisfies WorkerSettings,
      ...(flags && { execArgv: flags }),
    });
    if (busyFlags.size === 0) process.on('exit', waitForWorkers);
    busyFlags.add(this.#flags);
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#end(`stopped: ${error.message}`, error));
    this.#worker.on('exit', (code) => this.#end(`ended (exit code ${code})`));
  }

  /** @param given.memory behind the request, to be given away. */
  ask<T>(
    request: Request,
    given: { readonly feeds?: Feeds; readonly mayTake?: boolean; readonly memory?: readonly ArrayBuffer[] } = {},
  ): Promise<T> {
    if (this.#closing !== undefined && request.kind !== 'close')
      return Promise.reject(new EquipoiseError('ERR_OPTION', `The session of ${this.#where} was closed`));
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    const sent = Object.entries(given.feeds ?? {}).map(
      ([name, tensor]) => [name, detached(tensor, given.mayTake ?? false)] as const,
    );
    const message = given.feeds ? { id, request: { ...request, feeds: Object.fromEntries(sent) } } : { id, request };
    const memory = new Set([...(given.memory ?? []), ...sent.map(([, tensor]) => tensor.data.buffer)]);
    return new Promise<T>((resolve, reject) => {
      // First, for it throws where memory was given away already.
      this.#worker.postMessage(message, [...memory]);
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
    });
  }

  /** Done when the thread has ended. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#closing = this.#ended
      ? Promise.resolve()
      : new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.ask({ kind: 'close' }).catch(() => undefined);
    return this.#closing;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    // Only unanswered requests keep the process alive, so that a forgotten session does not.
    if (this.#waiting.size === 0 && this.#closing === undefined) this.#worker.unref();
    if ('failed' in reply) waiting?.reject(this.#error(reply.failed));
    else waiting?.resolve(reply.result as never);
  }

  #error({ stage, message, code }: Failed): EquipoiseError {
    if (code !== undefined) return new EquipoiseError(code, message);
    if (stage === 'load')
      return new EquipoiseError(
        'ERR_ENVIRONMENT',
        `Expected onnxruntime-node for running ${this.#where} but it cannot be loaded: ${message}. ` +
          'Type: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node',
      );
    return new EquipoiseError(
      'ERR_DATA',
      stage === 'open'
        ? `onnxruntime cannot open ${this.#where}: ${message}`
        : `onnxruntime failed on a batch of ${this.#where}: ${message}`,
    );
  }

  #end(why: string, cause?: Error): void {
    if (busyFlags.delete(this.#flags) && busyFlags.size === 0) process.off('exit', waitForWorkers);
    this.#ended ??= new EquipoiseError('ERR_ENVIRONMENT', `The thread that runs ${this.#where} ${why}`, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

async function connect(
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<{ connection: Connection; opened: Opened }> {
  const connection = new Connection(bytes, options);
  try {
    return { connection, opened: await connection.ask<Opened>({ kind: 'open' }) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * Opens any ONNX model for running off the event loop.
 * @throws ERR_ENVIRONMENT without onnxruntime-node; ERR_DATA when it refuses the model.
 *
 * @example
 * await using session = await openModelSession(bytes, { threads: 2 });
 * const { logits } = await session.run({ embedding: { data: rows, dims: [32, 128] } });
 */
export async function openModelSession(bytes: Uint8Array, options: SessionOptions): Promise<ModelSession> {
  const { connection, opened } = await connect(bytes, options);
  const close = () => connection.close();
  return {
    inputs: opened.inputs,
    outputs: opened.outputs,
    run: (feeds) => connection.ask({ kind: 'run', feeds: {} }, { feeds }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Opens a prepared backbone, whose only output is (batch, dim) float32. Throws as `openModelSession`. */
export async function openEmbeddingSession(
  bytes: Uint8Array,
  { dim, ...options }: SessionOptions & { readonly dim: number },
): Promise<EmbeddingSession> {
  const { connection } = await connect(bytes, options);
  const close = () => connection.close();
  return {
    run: ({ inputs, count }) =>
      connection.ask({ kind: 'embed', feeds: {}, count, cols: dim }, { feeds: inputs, mayTake: true }),
    embedImages(batches) {
      if (!options.images) return Promise.reject(expected('texts', options.where ?? 'the model', 'images'));
      const copies = batches.map((batch) => batch.map(ownCopy));
      return connection.ask(
        { kind: 'images', batches: copies, cols: dim },
        { memory: copies.flat().flatMap(memoryOf) },
      );
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
