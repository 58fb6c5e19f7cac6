/** Comma-, semicolon- or tab-separated text into rows of fields (RFC 4180), with the line each row starts on. */

import { Readable } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { EquipoiseError, expected } from '../core/errors.js';
import { readText } from './text-file.js';

export interface ReadCsvOptions {
  /** `auto` takes the one that cuts the first rows into equally many fields, two or more. */
  delimiter?: ',' | ';' | '\t' | 'auto';
  /** `auto` takes `'` where a column has every value inside it and no field starts with `"`; otherwise `"`. */
  quote?: '"' | "'" | 'auto';
}

export interface CsvTable {
  /** All with the same number of fields; a header is a row like any other. */
  readonly rows: string[][];
  /** The line of the file on which each row starts, from 1. */
  readonly lines: number[];
  readonly delimiter: ',' | ';' | '\t';
  readonly quote: '"' | "'";
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SAMPLE_BYTES = 65536;

const parseOptions: Options = {
  record_delimiter: ['\r\n', '\n', '\r'],
  // Field counts are checked here, where the starting line is known.
  relax_column_count: true,
  // A quote inside an unquoted field (5'11") is kept as it is; nothing is lost by that.
  relax_quotes: true,
  skip_empty_lines: true,
  // A document may be one long field.
  max_record_size: 0,
};

/** The first rows, whole ones only; a sample that does not parse with this delimiter says nothing. */
function sampleRows(bytes: Buffer, delimiter: string, quote: string): string[][] {
  const cut = bytes.length > SAMPLE_BYTES ? bytes.lastIndexOf(LINE_FEED, SAMPLE_BYTES) : bytes.length;
  try {
    return parseSync(bytes.subarray(0, cut > 0 ? cut : bytes.length), { ...parseOptions, delimiter, quote, to: 200 });
  } catch {
    return [];
  }
}

function detectDelimiter(bytes: Buffer): CsvTable['delimiter'] {
  let best: CsvTable['delimiter'] = ',';
  let bestShare = 0;
  // Comma last: it also occurs inside numbers and text of files that use the others.
  for (const delimiter of ['\t', ';', ','] as const) {
    const rows = sampleRows(bytes, delimiter, '"');
    const fields = rows[0]?.length ?? 0;
    const share = fields < 2 ? 0 : rows.filter((row) => row.length === fields).length / rows.length;
    if (share > bestShare) {
      best = delimiter;
      bestShare = share;
    }
  }
  return best;
}

function detectQuote(bytes: Buffer, delimiter: string): CsvTable['quote'] {
  // With the double quote as quote, single ones are still there to be seen.
  const rows = sampleRows(bytes, delimiter, '"');
  const body = rows.length > 1 ? rows.slice(1) : rows;
  const quoted = /^'[^']*'$/;
  const wholeColumn = (rows[0] ?? []).some((_, column) => body.every((row) => quoted.test(row[column] ?? '')));
  const usesDouble = sampleRows(bytes, delimiter, "'").some((row) => row.some((field) => field.startsWith('"')));
  return wholeColumn && !usesDouble ? "'" : '"';
}

/**
 * Reads a table of text: UTF-8, RFC 4180 quoting, any line ending, byte order mark dropped, `.gz` unpacked, blank lines skipped.
 *
 * @throws ERR_DATA for a file that cannot be read, is not UTF-8 or gzip, has no row, leaves a quote open, or has a row
 *   with another number of fields than the first (named by line); ERR_OPTION for an unknown delimiter or quote.
 *
 * @example
 * const { rows, lines } = await readCsv('people.csv.gz', { delimiter: 'auto' });
 */
export async function readCsv(path: string, options: ReadCsvOptions = {}): Promise<CsvTable> {
  const { delimiter: wantedDelimiter = 'auto', quote: wantedQuote = 'auto', ...rest } = options;
  for (const name of Object.keys(rest))
    throw new EquipoiseError('ERR_OPTION', `Unknown option readCsv.${name}. Known options: delimiter, quote`);
  if (![',', ';', '\t', 'auto'].includes(wantedDelimiter))
    throw expected('one of "," ";" "\\t" "auto"', 'readCsv.delimiter', wantedDelimiter);
  if (!['"', "'", 'auto'].includes(wantedQuote))
    throw expected('one of \'"\' "\'" "auto"', 'readCsv.quote', wantedQuote);

  const bytes = await readText(path);
  const delimiter = wantedDelimiter === 'auto' ? detectDelimiter(bytes) : wantedDelimiter;
  const quote = wantedQuote === 'auto' ? detectQuote(bytes, delimiter) : wantedQuote;

  const rows: string[][] = [];
  const lines: number[] = [];
  let position = 0;
  let line = 1;
  const step = (): void => {
    const byte = bytes[position++];
    if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && bytes[position] !== LINE_FEED)) line++;
  };
  const parser = parse({
    ...parseOptions,
    delimiter,
    quote,
    escape: quote,
    // The parser's own count of lines takes \r\n inside quotes for two, so lines are counted from its byte positions.
    on_record(row: string[], { bytes: end }) {
      while (position < end && (bytes[position] === LINE_FEED || bytes[position] === CARRIAGE_RETURN)) step();
      const start = line;
      while (position < end) step();
      const fields = rows[0]?.length ?? row.length;
      if (row.length !== fields)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected ${fields} fields in line ${start} of ${path} as in line ${lines[0]} but found ${row.length}. Repair the line, or name the delimiter if it was taken wrongly (${JSON.stringify(delimiter)})`,
        );
      rows.push(row);
      lines.push(start);
      return null;
    },
  });
  try {
    const chunks = Array.from({ length: Math.ceil(bytes.length / SAMPLE_BYTES) }, (_, i) =>
      bytes.subarray(i * SAMPLE_BYTES, (i + 1) * SAMPLE_BYTES),
    );
    // Rows are taken in on_record, so the loop only drains the parser and lets other work run between chunks.
    for await (const _ of Readable.from(chunks).pipe(parser)) void _;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected comma-separated text in ${path} but line ${line} cannot be read: ${error.message}. Close the quote, or double it (${quote}${quote}) inside a quoted field`,
      { cause: error },
    );
  }
  if (rows.length === 0) throw new EquipoiseError('ERR_DATA', `Expected at least one row in ${path} but it is empty`);
  return { rows, lines, delimiter, quote };
}
