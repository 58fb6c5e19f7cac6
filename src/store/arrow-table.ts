/** Plain columns to Arrow IPC files and back; the only file that knows the Arrow library. */

import {
  Field,
  FixedSizeList,
  Float16,
  Float32,
  List,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Table,
  Utf8,
  makeData,
  DataType,
  Precision,
  tableFromIPC,
  vectorFromArray,
  type Data,
  type Vector,
} from 'apache-arrow';
import { EquipoiseError } from '../core/errors.js';
import { fromFloat16 } from './float16.js';

/** A type read from a file is a plain Float with a precision, not a Float16. */
function isHalf(type: DataType): boolean {
  return DataType.isFloat(type) && type.precision === Precision.HALF;
}

export type ColumnData =
  | { readonly kind: 'utf8'; readonly values: readonly (string | null)[]; readonly nullable?: boolean }
  | { readonly kind: 'float32'; readonly values: readonly (number | null)[] }
  | { readonly kind: 'utf8-list'; readonly values: readonly (readonly string[] | null)[] }
  /** Rows of `width` numbers; halves are passed as their bits. */
  | { readonly kind: 'vectors'; readonly values: Float32Array | Uint16Array; readonly width: number };

function encodeColumn(column: ColumnData, rows: number): { type: DataType; nullable: boolean; data: Data } {
  if (column.kind === 'vectors') {
    const number = column.values instanceof Float32Array ? new Float32() : new Float16();
    const type = new FixedSizeList(column.width, new Field('item', number, false));
    const child = makeData({ type: number, length: column.values.length, nullCount: 0, data: column.values } as never);
    return { type, nullable: false, data: makeData({ type, length: rows, nullCount: 0, child } as never) };
  }
  const type =
    column.kind === 'utf8'
      ? new Utf8()
      : column.kind === 'float32'
        ? new Float32()
        : new List(new Field('item', new Utf8(), false));
  const vector: Vector = vectorFromArray(column.values as never, type as never);
  return { type, nullable: column.kind !== 'utf8' || (column.nullable ?? false), data: vector.data[0] as Data };
}

/** The bytes of an IPC file with one record batch, in chunks; the same columns always give the same bytes. */
export function encodeArrow(
  rows: number,
  columns: Readonly<Record<string, ColumnData>>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncIterable<Uint8Array> {
  const encoded = Object.entries(columns).map(([name, column]) => ({ name, ...encodeColumn(column, rows) }));
  const fields = encoded.map(({ name, type, nullable }) => new Field(name, type, nullable));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const data = makeData({
    type: new Struct(fields),
    length: rows,
    nullCount: 0,
    children: encoded.map((column) => column.data),
  } as never);
  return RecordBatchFileWriter.writeAll(new Table(schema, [new RecordBatch(schema, data as never)]));
}

/** What a column of vectors holds; `values` is a view of the file's bytes where it lies there in one piece. */
export interface VectorColumn {
  readonly values: Float32Array | Uint16Array;
  readonly width: number;
}

/** A decoded file. Every reader throws ERR_DATA, naming `where`, when the column is not there or of another type. */
export class ArrowTable {
  readonly #table: Table;
  readonly #where: string;

  /** @throws ERR_DATA for bytes that are no uncompressed Arrow IPC file or stream. */
  constructor(bytes: Uint8Array, where: string) {
    this.#where = where;
    try {
      this.#table = tableFromIPC(bytes);
      // Bytes cut short may decode to a table of nothing.
      if (this.#table.schema.fields.length === 0) throw new Error('no column found');
    } catch (error) {
      throw this.#bad(`is not a readable Arrow IPC file (${(error as Error).message}); write it whole, uncompressed`);
    }
  }

  #bad(what: string): EquipoiseError {
    return new EquipoiseError('ERR_DATA', `${this.#where} ${what}`);
  }

  get rows(): number {
    return this.#table.numRows;
  }

  get names(): string[] {
    return this.#table.schema.fields.map((field) => field.name);
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.#table.schema.metadata;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** `vectors`, `numbers` or `strings`: which reader fits the column. */
  kindOf(name: string): 'vectors' | 'numbers' | 'strings' | 'other' {
    const type = String(this.#column(name).type);
    if (/^(FixedSizeList|List|LargeList)/.test(type)) return /Float/.test(type) ? 'vectors' : 'other';
    if (/^(Float|Int|Uint)\d/.test(type)) return 'numbers';
    return /Utf8/.test(type) ? 'strings' : 'other';
  }

  #column(name: string): Vector {
    const column = this.#table.getChild(name);
    if (!column) throw this.#bad(`has no column "${name}"; it has ${this.names.join(', ')}`);
    return column;
  }

  #values<T>(name: string, fits: (value: unknown) => boolean, what: string): (T | null)[] {
    const column = this.#column(name);
    const values: (T | null)[] = Array.from({ length: column.length });
    for (let i = 0; i < values.length; i++) {
      const value: unknown = column.get(i) ?? null;
      if (value !== null && !fits(value)) throw this.#bad(`should have ${what} in column "${name}", row ${i}`);
      values[i] = value as T | null;
    }
    return values;
  }

  strings(name: string): (string | null)[] {
    return this.#values(name, (value) => typeof value === 'string', 'text');
  }

  numbers(name: string): (number | null)[] {
    return this.#values<number | bigint>(
      name,
      (value) => typeof value === 'number' || typeof value === 'bigint',
      'numbers',
    ).map((value) => (value === null ? null : Number(value)));
  }

  /** The text of a column as it lies in the file: comparing two of these compares all strings without decoding any. */
  utf8Bytes(name: string): { offsets: Int32Array; bytes: Uint8Array } | undefined {
    const [data, ...more] = this.#column(name).data;
    if (!data || more.length > 0 || data.nullCount > 0 || !(data.type instanceof Utf8)) return undefined;
    return { offsets: data.valueOffsets, bytes: data.values };
  }

  stringLists(name: string): (string[] | null)[] {
    const isList = (value: unknown): value is Iterable<string> =>
      typeof value === 'object' && value !== null && Symbol.iterator in value;
    return this.#values<Iterable<string>>(name, isList, 'lists of text').map((list) => list && [...list]);
  }

  vectors(name: string): VectorColumn {
    const column = this.#column(name);
    const [data, ...more] = column.data;
    const child = data?.children[0];
    if (data?.type instanceof FixedSizeList && more.length === 0 && data.nullCount === 0 && child?.nullCount === 0) {
      const width = data.type.listSize;
      const values: unknown = child.values;
      const halves = isHalf(child.type) && values instanceof Uint16Array;
      if (halves || values instanceof Float32Array) {
        const from = data.offset * width;
        const view = (values as Float32Array).subarray(from, from + data.length * width);
        if (view.length !== column.length * width)
          throw this.#bad(`holds ${view.length} numbers in column "${name}" for ${column.length} x ${width}`);
        return { values: halves ? (view as unknown as Uint16Array) : view, width };
      }
    }
    return this.#vectorsRowByRow(name, column);
  }

  /** Files of other programs: lists of any length, several batches, float64. */
  #vectorsRowByRow(name: string, column: Vector): VectorColumn {
    let out = new Float32Array(0);
    let width = 0;
    for (let i = 0; i < column.length; i++) {
      const row: Vector | null = column.get(i);
      if (row === null || typeof row !== 'object' || row.nullCount > 0)
        throw this.#bad(`should have a list of numbers without nulls in column "${name}", row ${i}`);
      const raw: unknown = row.toArray();
      const values = raw instanceof Uint16Array && isHalf(row.type) ? fromFloat16(raw) : raw;
      if (!ArrayBuffer.isView(values)) throw this.#bad(`should have lists of numbers in column "${name}", row ${i}`);
      const numbers = values as Float32Array;
      if (i === 0) {
        width = numbers.length;
        out = new Float32Array(width * column.length);
      }
      if (numbers.length !== width)
        throw this.#bad(`has ${numbers.length} numbers in column "${name}", row ${i}, but ${width} in the first row`);
      out.set(numbers, i * width);
    }
    return { values: out, width };
  }
}
