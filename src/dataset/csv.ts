/** Tables of text: numbers to classify as they are, texts, or paths of images, one item a row. */

import { choice } from '../core/options.js';
import { readCsv } from '../interchange/index.js';
import { hasHeader } from './csv-roles.js';
import { unquote } from './numbers.js';
import { defineTableFormat } from './table-format.js';

export const csv = defineTableFormat({
  name: 'csv',
  summary: 'CSV or TSV, plain or gzip: numbers, texts or paths of images with a label column',
  layout: 'a .csv or .tsv file with a label column, or a folder with train.csv and test.csv',
  extension: /\.(csv|tsv)(\.gz)?$/i,
  options: {
    header: choice({ of: ['auto', 'yes', 'no'], default: 'auto', help: 'whether the first row names the columns' }),
  },
  async read(path, options) {
    const { rows, lines } = await readCsv(path);
    const header = options.header === 'auto' ? hasHeader(rows, options) : options.header === 'yes';
    const names = (rows[0] as string[]).map((name, i) => (header && unquote(name)) || `column ${i}`);
    const skip = header ? 1 : 0;
    return {
      table: {
        path,
        names,
        header,
        rows: rows.slice(skip),
        at: (row) => ({ path, line: lines[row + skip] as number }),
      },
      notes: [header ? 'header in the first row' : 'no header'],
    };
  },
});
