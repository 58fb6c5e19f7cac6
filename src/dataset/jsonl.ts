/** JSON Lines: one object a line; its keys are columns. */

import { EquipoiseError } from '../core/errors.js';
import { readText } from '../interchange/index.js';
import { listedLabels } from './labels.js';
import { defineTableFormat } from './table-format.js';

type JsonObject = Readonly<Record<string, unknown>>;

function parseLine(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a JSON object in ${where} but ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected a JSON object such as {"text": "...", "label": "..."} in ${where} but received ${text.slice(0, 40)}`,
  );
}

/** Lists and objects inside are no cells: lists may be labels, others are passed over. */
const isScalar = (value: unknown) => value === null || value === undefined || typeof value !== 'object';

export const jsonl = defineTableFormat({
  name: 'jsonl',
  summary:
    'JSON Lines, plain or gzip: one object a line with a label, or a list of them, and a text, an image path or numbers',
  layout: 'a .jsonl or .ndjson file, one JSON object with a label a line',
  extension: /\.(jsonl|ndjson)(\.gz)?$/i,
  options: {},
  async read(path) {
    const text = (await readText(path)).toString('utf8');
    const objects: JsonObject[] = [];
    const lines: number[] = [];
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '') continue;
      objects.push(parseLine(line, `line ${i + 1} of ${path}`));
      lines.push(i + 1);
    }
    const keys = new Set<string>();
    const nested = new Set<string>();
    for (const object of objects)
      for (const [key, value] of Object.entries(object)) {
        keys.add(key);
        if (!isScalar(value)) nested.add(key);
      }
    const names = [...keys].filter((key) => !nested.has(key));
    const lists = [...nested].filter((key) => objects.some((object) => Array.isArray(object[key])));
    const cell = (value: unknown) => (value === null || value === undefined ? '' : String(value));
    return {
      table: {
        path,
        names,
        header: true,
        rows: objects.map((object) => names.map((name) => (Object.hasOwn(object, name) ? cell(object[name]) : ''))),
        at: (row) => ({ path, line: lines[row] as number }),
        lists: lists.map((name) => ({
          name,
          read: (row) => listedLabels(objects[row]?.[name], `line ${lines[row]}, key "${name}" of ${path}`),
        })),
      },
      notes:
        nested.size > lists.length
          ? [`keys with objects not read: ${[...nested].filter((key) => !lists.includes(key)).join(', ')}`]
          : [],
    };
  },
});
