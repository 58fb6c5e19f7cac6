/** NumPy's `.npy` arrays of one or two dimensions (format versions 1 to 3). */

import { EquipoiseError, expected } from '../core/errors.js';
import { dense, type MatrixLike } from '../core/matrix.js';
import { writeAtomically } from '../store/index.js';
import { BinaryFile, elementCount, elementTypes, type ElementName } from './elements.js';

export interface NpyArray {
  /** Row-major, whatever the order in the file; text for an array of text. */
  readonly data: Float32Array | Float64Array | string[];
  readonly shape: readonly number[];
}

const MAGIC = '\x93NUMPY';
const kinds: Readonly<Record<string, ElementName>> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

interface NpyHeader {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataAt: number;
}

async function readHeader(file: BinaryFile): Promise<NpyHeader> {
  const bad = (what: string): EquipoiseError =>
    new EquipoiseError('ERR_DATA', `Expected an .npy array in ${file.path} but ${what}`);
  const start = await file.read(0, 12);
  if (Buffer.from(start.subarray(0, 6)).toString('latin1') !== MAGIC)
    throw bad('it does not begin as one. Save it with numpy.save');
  const version = start[6] ?? 0;
  if (version < 1 || version > 3 || start.length < 12) throw bad(`its format version is ${version}, not 1 to 3`);
  const view = new DataView(start.buffer);
  const [length, textAt] = version === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (textAt + length > file.size)
    throw bad(`its header of ${length} bytes is longer than the file of ${file.size}. Fetch the file again`);
  // numpy itself writes a few hundred bytes; this only bounds what a damaged length can make us read.
  if (length > 65536) throw bad(`its header has ${length} bytes, more than the 65,536 of any plain array`);
  const header = Buffer.from(await file.read(textAt, length)).toString('latin1');
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (/'descr'\s*:\s*\[/.test(header)) throw bad('it has named fields. Save one plain array');
  if (descr === undefined || fortran === undefined || shape === undefined)
    throw bad(`its header is not one: ${JSON.stringify(header.trim().slice(0, 80))}`);
  const lengths = shape
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  return { descr, fortran: fortran === 'True', shape: lengths, dataAt: textAt + length };
}

/** Fixed-width text: four bytes a character, padded with zeros. */
function decodeText(bytes: Uint8Array, count: number, width: number, little: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    let text = '';
    for (let j = 0; j < width; j++) {
      const code = view.getUint32((i * width + j) * 4, little);
      if (code !== 0 && code <= 0x10ffff) text += String.fromCodePoint(code);
    }
    return text;
  });
}

/**
 * Reads a numeric or text array: any byte order, C or Fortran order.
 *
 * @param options.as element type of the result for numbers; float64 keeps integer ids exact. Default float32.
 * @throws ERR_DATA for pickled objects (reading one could run code), other dtypes, more than two dimensions, and files
 *   whose size is not what the header says.
 *
 * @example
 * const { data, shape } = await readNpy('embeddings.npy');
 */
export async function readNpy(path: string, options: { as?: 'float32' | 'float64' } = {}): Promise<NpyArray> {
  const file = await BinaryFile.open(path);
  try {
    const { descr, fortran, shape, dataAt } = await readHeader(file);
    const bad = (what: string): EquipoiseError => new EquipoiseError('ERR_DATA', `${path} ${what}`);
    if (descr.includes('O'))
      throw bad('holds pickled Python objects, which are refused: reading them can run code. Save a numeric array');
    const [, order = '', code = '', width = ''] = /^([<>|=])([a-zA-Z])(\d+)$/.exec(descr) ?? [];
    const kind = kinds[code + width];
    const isText = code === 'U';
    if (!kind && !isText) throw bad(`has dtype ${descr}. Known: ${Object.keys(kinds).join(', ')} and text (U)`);
    const count = elementCount(shape);
    if (shape.length < 1 || shape.length > 2 || count === undefined)
      throw bad(`has shape (${shape.join(', ')}); arrays of one or two dimensions are read`);
    const elementBytes = kind ? elementTypes[kind].bytes : 4 * Number(width);
    const bytes = count * elementBytes;
    if (!Number.isSafeInteger(bytes) || dataAt + bytes !== file.size)
      throw bad(
        `has ${file.size - dataAt} bytes of data but its header promises (${shape.join(', ')}) of ${descr}, ${bytes} bytes. Fetch the file again`,
      );
    const little = order !== '>';
    if (!kind) return { data: decodeText(await file.read(dataAt, bytes), count, Number(width), little), shape };
    const data = options.as === 'float64' ? new Float64Array(count) : new Float32Array(count);
    const [rows = 0, cols = 1] = shape;
    // Fortran order lists a column after the other: element k is row k mod rows of column k / rows.
    const transposed = (k: number): number => (k % rows) * cols + Math.floor(k / rows);
    await file.elements(dataAt, kind, little, data, fortran && shape.length === 2 ? transposed : undefined);
    return { data, shape };
  } finally {
    await file.close();
  }
}

/** Header of an array in C order, little-endian float32 by default, padded so that numbers begin at a multiple of 64 bytes. */
export function npyHeader(shape: readonly number[], descr = '<f4'): Uint8Array {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const text = dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 10 - 1) + '\n';
  return Buffer.concat([
    Buffer.from(`${MAGIC}\x01\x00`, 'latin1'),
    Uint8Array.of(text.length & 255, text.length >> 8),
    Buffer.from(text),
  ]);
}

/** The bytes of an array of text, as numpy has it: four bytes a character, as wide as the longest. */
export function* encodeTextArray(values: readonly string[]): Generator<Uint8Array> {
  const codes = values.map((value) => Array.from(value, (character) => character.codePointAt(0) as number));
  const width = codes.reduce((most, { length }) => Math.max(most, length), 1);
  yield npyHeader([values.length], `<U${width}`);
  for (let start = 0; start < codes.length; start += 4096) {
    const part = codes.slice(start, start + 4096);
    const bytes = new DataView(new ArrayBuffer(part.length * width * 4));
    for (const [i, value] of part.entries())
      for (const [j, code] of value.entries()) bytes.setUint32((i * width + j) * 4, code, true);
    yield new Uint8Array(bytes.buffer);
  }
}

/**
 * Writes a matrix as float32 `.npy`, readable by numpy.load.
 * @example
 * await writeNpy('embeddings.npy', set.embeddings);
 */
export async function writeNpy(path: string, x: MatrixLike): Promise<void> {
  if (typeof path !== 'string' || path === '') throw expected('a path', 'writeNpy.path', path);
  const { data, rows, cols } = dense(x, 'x');
  await writeAtomically(path, [npyHeader([rows, cols]), ...byteWindows(data)]);
}

/** The memory of the numbers in pieces that one write takes. */
export function* byteWindows(data: Float32Array): Generator<Uint8Array> {
  const step = 2 ** 26;
  for (let at = 0; at < data.length; at += step) {
    const count = Math.min(step, data.length - at);
    yield new Uint8Array(data.buffer, data.byteOffset + at * 4, count * 4);
  }
}
