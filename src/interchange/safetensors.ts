/** `.safetensors`: an 8-byte length, a JSON header, then tensors side by side. */

import { EquipoiseError } from '../core/errors.js';
import { writeAtomically } from '../store/index.js';
import { BinaryFile, elementCount, elementTypes, type ElementName } from './elements.js';

export interface Tensor {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

const kinds: Readonly<Record<string, ElementName>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  U32: 'uint32',
  I32: 'int32',
  U64: 'uint64',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

/** The format's own limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readHeader(
  file: BinaryFile,
): Promise<{ entries: Entry[]; metadata: Record<string, string>; dataAt: number }> {
  const bad = (what: string): EquipoiseError =>
    new EquipoiseError('ERR_DATA', `Expected safetensors in ${file.path} but ${what}. Fetch the file again`);
  const start = await file.read(0, 8);
  if (start.length < 8) throw bad(`it has ${file.size} bytes`);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || 8 + length > file.size)
    throw bad(`its header claims ${length} bytes of a file of ${file.size}`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await file.read(8, length)));
  } catch (error) {
    throw bad(`its header is no JSON (${(error as Error).message})`);
  }
  if (!isObject(header)) throw bad('its header is no JSON object');
  const { __metadata__: metadata = {}, ...tensors } = header;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    throw bad('its metadata is not text by name');
  const entries = Object.entries(tensors).map(([name, tensor]): Entry => {
    const { dtype, shape, data_offsets: offsets } = isObject(tensor) ? tensor : {};
    const count = Array.isArray(shape) ? elementCount(shape) : undefined;
    const [begin, end] = (Array.isArray(offsets) ? offsets : []) as [unknown, unknown];
    if (typeof dtype !== 'string' || count === undefined || !Number.isSafeInteger(begin) || !Number.isSafeInteger(end))
      throw bad(`tensor "${name}" is not described by dtype, shape and data_offsets`);
    const [from, to] = [begin as number, end as number];
    const kind = kinds[dtype];
    if (from < 0 || to < from || (kind && to - from !== count * elementTypes[kind].bytes))
      throw bad(`tensor "${name}" of ${dtype} [${String(shape)}] cannot lie at bytes ${from} to ${to}`);
    return { name, dtype, shape: shape as number[], begin: from, end: to };
  });
  // Side by side: no overlap, no hole, nothing after.
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) throw bad(`tensor "${name}" begins at byte ${begin}, not ${at}: tensors overlap or leave a hole`);
    at = end;
  }
  if (8 + length + at !== file.size) throw bad(`tensors end at byte ${8 + length + at} of ${file.size}`);
  return { entries, metadata: metadata as Record<string, string>, dataAt: 8 + length };
}

/** A file whose tensors are read when asked for. */
export interface Safetensors {
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws ERR_DATA when there is no such tensor or its dtype is not known. */
  read(name: string, as?: 'float32' | 'float64'): Promise<Tensor>;
}

/**
 * Reads the header of a safetensors file.
 *
 * @throws ERR_DATA for a header that is too long, no JSON, or describes tensors that overlap, leave holes or do not fit.
 *
 * @example
 * const file = await readSafetensors('embeddings.safetensors');
 * const { data, shape } = await file.read('embeddings');
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await BinaryFile.open(path);
  try {
    const { entries, metadata, dataAt } = await readHeader(file);
    return {
      tensors: entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      metadata,
      read: (name, as = 'float32') => readTensor(path, entries, dataAt, name, as),
    };
  } finally {
    await file.close();
  }
}

async function readTensor(
  path: string,
  entries: readonly Entry[],
  dataAt: number,
  name: string,
  as: 'float32' | 'float64',
): Promise<Tensor> {
  const entry = entries.find((candidate) => candidate.name === name);
  const known = entries.map((candidate) => candidate.name).join(', ');
  if (!entry) throw new EquipoiseError('ERR_DATA', `${path} has no tensor "${name}"; it has ${known || 'none'}`);
  const kind = kinds[entry.dtype];
  if (!kind)
    throw new EquipoiseError(
      'ERR_DATA',
      `Tensor "${name}" of ${path} has dtype ${entry.dtype}. Known: ${Object.keys(kinds).join(', ')}`,
    );
  const count = elementCount(entry.shape) as number;
  const data = as === 'float64' ? new Float64Array(count) : new Float32Array(count);
  const file = await BinaryFile.open(path);
  try {
    await file.elements(dataAt + entry.begin, kind, true, data);
  } finally {
    await file.close();
  }
  return { data, shape: entry.shape };
}

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: 'F32' | 'I64';
  readonly shape: readonly number[];
  /** Little-endian bytes, in pieces, in row-major order. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Writes tensors in the given order, data beginning at a multiple of 8 bytes. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, dtype, shape } of tensors) {
    const bytes = shape.reduce((product, length) => product * length, dtype === 'F32' ? 4 : 8);
    header[name] = { dtype, shape, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  if (padded.length > MAX_HEADER_BYTES)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Ids and class names take ${padded.length} bytes, more than the ${MAX_HEADER_BYTES} of a safetensors header. Export arrow or parquet`,
    );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  await writeAtomically(
    path,
    (async function* () {
      yield length;
      yield padded;
      for (const { chunks } of tensors) yield* chunks;
    })(),
  );
}
