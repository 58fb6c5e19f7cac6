/** The thread that owns an onnxruntime session. */

import { parentPort, workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor as OrtTensor } from '#ort';
import type { Awaitable } from '../core/awaitable.js';
import { EquipoiseError } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import type { ImageItems, ItemPreprocessor, PreparedBatch } from './items.js';
import {
  BUSY,
  STOP,
  type EmbeddedImages,
  type Feeds,
  type Opened,
  type Reply,
  type Request,
  type SessionTensor,
  type Tensor,
  type WorkerSettings,
} from './session-protocol.js';

class Failure extends Error {
  constructor(
    readonly stage: 'load' | 'open' | 'run',
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

const { bytes, threads, images, flags } = workerData as WorkerSettings;
const ort = import('#ort').catch((error: unknown) => {
  throw new Failure('load', error);
});
// Awaited by the first request; until then a failure is nobody's.
ort.catch(() => undefined);

let session: InferenceSession | undefined;

function describe(values: InferenceSession['inputMetadata']): SessionTensor[] {
  return values.map((value) =>
    value.isTensor
      ? { name: value.name, dtype: value.type, shape: value.shape }
      : { name: value.name, dtype: 'not a tensor', shape: [] },
  );
}

async function open(): Promise<Opened> {
  const { InferenceSession } = await ort;
  try {
    session = await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // The pool shares the machine with image decoding: threads that wait must sleep, not spin.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new Failure('open', error);
  }
  return { inputs: describe(session.inputMetadata), outputs: describe(session.outputMetadata) };
}

function current(): InferenceSession {
  if (session === undefined) throw new Error('The session is not open');
  return session;
}

/** A graph written for one row takes its rows one by one. */
function isRowwise(feeds: Feeds): boolean {
  return current().inputMetadata.some(
    (input) => input.isTensor && input.shape[0] === 1 && (feeds[input.name]?.dims[0] ?? 1) > 1,
  );
}

function row(feeds: Feeds, index: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => {
      const length = data.length / (dims[0] as number);
      return [name, { data: data.subarray(index * length, (index + 1) * length), dims: [1, ...dims.slice(1)] }];
    }),
  );
}

async function toOrt(feeds: Feeds): Promise<Record<string, OrtTensor>> {
  const { Tensor } = await ort;
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new Tensor(data as Float32Array, dims)]),
  );
}

async function run(feeds: Feeds): Promise<Record<string, Tensor>> {
  const rows = isRowwise(feeds)
    ? Array.from({ length: Object.values(feeds)[0]?.dims[0] ?? 0 }, (_, index) => row(feeds, index))
    : [feeds];
  const parts: Record<string, Tensor>[] = [];
  for (const part of rows) {
    const outputs = await current().run(await toOrt(part));
    parts.push(
      Object.fromEntries(
        // A copy, because the runtime's own memory cannot be transferred to another thread.
        Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: (data as Float32Array).slice(), dims }]),
      ),
    );
  }
  const [first = {}] = parts;
  if (parts.length === 1) return first;
  return Object.fromEntries(
    Object.entries(first).map(([name, { data, dims }]) => {
      const whole = new (data.constructor as Float32ArrayConstructor)(data.length * parts.length);
      parts.forEach((part, i) => whole.set((part[name] as Tensor).data as Float32Array, i * data.length));
      return [name, { data: whole, dims: [parts.length, ...dims.slice(1)] }];
    }),
  );
}

/** Runs the rows of `feeds` and puts their vectors at row `at` of `vectors`, (·, cols). */
async function embedInto(vectors: Float32Array, at: number, feeds: Feeds, count: number, cols: number): Promise<void> {
  const { Tensor } = await ort;
  const [output] = current().outputNames;
  const into = async (part: Feeds, start: number, length: number) => {
    const room = vectors.subarray((at + start) * cols, (at + start + length) * cols);
    await current().run(await toOrt(part), { [output as string]: new Tensor('float32', room, [length, cols]) });
  };
  if (!isRowwise(feeds)) await into(feeds, 0, count);
  else for (let i = 0; i < count; i++) await into(row(feeds, i), i, 1);
}

async function embed(feeds: Feeds, count: number, cols: number): Promise<Float32Array> {
  const vectors = new Float32Array(count * cols);
  await embedInto(vectors, 0, feeds, count, cols);
  return vectors;
}

/**
 * Batches that are read and prepared before their turn, so that the model does not wait for the disk. Where this thread does it,
 * several in a row take less than as many between runs of the model, which leave nothing of it in the cache.
 */
const AHEAD = 4;

let preprocessor: ItemPreprocessor | undefined;
/** Memory of batches that were run. */
const rooms: Float32Array[] = [];

async function embedImages(batches: readonly (readonly ItemContent[])[], cols: number): Promise<EmbeddedImages> {
  if (preprocessor === undefined) {
    const { createItemPreprocessor } = await import('./items.js');
    // A model of one thread is best served by that thread: nothing is handed over, and what was prepared is in its cache.
    preprocessor = createItemPreprocessor(images as ImageItems, { blocking: threads === 1 });
  }
  const vectors = new Float32Array(batches.reduce((sum, batch) => sum + batch.length, 0) * cols);
  const failures: { index: number; message: string }[] = [];
  const ahead: Awaitable<PreparedBatch>[] = [];
  let [started, first, made] = [0, 0, 0];
  for (const batch of batches) {
    while (ahead.length < AHEAD && started < batches.length) {
      const prepared = preprocessor.batch(batches[started++] as readonly ItemContent[], rooms.pop());
      if (prepared instanceof Promise) prepared.catch(() => undefined); // thrown where it is awaited
      ahead.push(prepared);
    }
    const { inputs, count, failures: failed } = await (ahead.shift() as Awaitable<PreparedBatch>);
    for (const { index, error } of failed) failures.push({ index: first + index, message: error.message });
    first += batch.length;
    if (count > 0) await embedInto(vectors, made, inputs, count, cols);
    made += count;
    for (const { data } of Object.values(inputs)) rooms.push(new Float32Array(data.buffer as ArrayBuffer));
  }
  return { vectors: vectors.subarray(0, made * cols), failures };
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'open':
      return open();
    case 'run':
      return run(request.feeds);
    case 'embed':
      return embed(request.feeds, request.count, request.cols);
    case 'images':
      return embedImages(request.batches, request.cols);
    case 'close':
      await session?.release();
      return undefined;
  }
}

/** The memory that a result gives away instead of copying: of all arrays at any depth. */
function buffersOf(result: unknown): ArrayBufferLike[] {
  if (ArrayBuffer.isView(result)) return [result.buffer];
  return typeof result === 'object' && result !== null ? Object.values(result).flatMap(buffersOf) : [];
}

function transfers(result: unknown): ArrayBuffer[] {
  return [...new Set(buffersOf(result))].filter((buffer) => buffer instanceof ArrayBuffer);
}

function idle(): void {
  Atomics.store(flags, BUSY, 0);
  Atomics.notify(flags, BUSY);
}

const port = parentPort as NonNullable<typeof parentPort>;
// One after the other: the runtime's `run` blocks anyway, and the order of requests is the order of their effects.
let last: Promise<void> = Promise.resolve();
port.on('message', ({ id, request }: { id: number; request: Request }) => {
  last = last.then(async () => {
    // A process that exits waits for this to become 0 and lets nothing new begin.
    Atomics.store(flags, BUSY, 1);
    if (Atomics.load(flags, STOP) === 1) return idle();
    try {
      const result = await answer(request);
      port.postMessage({ id, result } satisfies Reply, transfers(result));
    } catch (error) {
      const stage = error instanceof Failure ? error.stage : 'run';
      const code = error instanceof EquipoiseError ? error.code : undefined;
      const failed = { stage, message: (error as Error).message, ...(code && { code }) };
      port.postMessage({ id, failed } satisfies Reply);
    }
    idle();
    if (request.kind === 'close') port.close();
  });
});
