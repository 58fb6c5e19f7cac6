/** KEEL: tables with declared attributes (`@relation`, `@attribute`, `@data`). */

import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { compareNames, type Column } from '../core/embedding-set.js';
import { EquipoiseError, nearNames } from '../core/errors.js';
import { categoricalOption, findColumn, type ColumnName } from './csv-roles.js';
import { defineDatasetFormat } from './format.js';
import { parseNumber, unquote, valuesAsBytes } from './numbers.js';
import { labelledOption } from './parts.js';

interface Attribute {
  readonly name: string;
  /** Undefined for a numeric attribute. */
  readonly levels?: readonly string[];
}

interface KeelFile {
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly number[];
  readonly output: number;
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
}

const listOf = (text: string) => text.split(',').map(unquote);

function parseAttribute(text: string, where: string): Attribute {
  const match = /^('[^']*'|"[^"]*"|[^\s{[]+)\s*(.*)$/.exec(text.trim());
  const name = unquote(match?.[1] ?? '');
  const type = (match?.[2] ?? '').trim();
  const levels = /^\{(.*)\}$/.exec(type);
  if (levels) return { name, levels: listOf(levels[1] ?? '') };
  if (name !== '' && /^(real|integer|numeric)\b/i.test(type)) return { name };
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected "@attribute NAME real", "integer" or "{level, level}" in ${where} but received ${JSON.stringify(text.trim())}`,
  );
}

function parse(text: string, path: string): KeelFile {
  const attributes: Attribute[] = [];
  const rows: { line: number; cells: string[] }[] = [];
  let inputs: string[] | undefined;
  let outputs: string[] | undefined;
  let inData = false;
  text.split(/\r\n|\n|\r/).forEach((raw, index) => {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('%')) return;
    if (inData) {
      const cells = listOf(content);
      if (cells.length !== attributes.length)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected ${attributes.length} values, one an attribute, in line ${line} of ${path} but found ${cells.length}`,
        );
      rows.push({ line, cells });
      return;
    }
    const [, keyword = '', rest = ''] = /^@(\w+)\s*(.*)$/.exec(content) ?? [];
    switch (keyword.toLowerCase()) {
      case 'relation':
        return;
      case 'attribute':
        attributes.push(parseAttribute(rest, `line ${line} of ${path}`));
        return;
      case 'input':
      case 'inputs':
        inputs = listOf(rest);
        return;
      case 'output':
      case 'outputs':
        outputs = listOf(rest);
        return;
      case 'data':
        inData = true;
        return;
      default:
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected @relation, @attribute, @inputs, @outputs or @data in line ${line} of ${path} but received ${JSON.stringify(content.slice(0, 60))}`,
        );
    }
  });
  const names = attributes.map(({ name }) => name);
  const indexOf = (name: string) => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    const near = nearNames(name, names);
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a declared attribute in @inputs and @outputs of ${path} but received ${JSON.stringify(name)}.${near.length > 0 ? ` Did you mean ${near[0]}?` : ''} Attributes: ${names.join(', ')}`,
    );
  };
  if (attributes.length < 2)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected at least two attributes in ${path}, one of them the class, but found ${attributes.length}`,
    );
  if (rows.length === 0) throw new EquipoiseError('ERR_DATA', `Expected rows after @data in ${path} but found none`);
  if ((outputs?.length ?? 1) !== 1)
    throw new EquipoiseError('ERR_DATA', `Expected one output in ${path} but @outputs names ${outputs?.join(', ')}`);
  const output = outputs ? indexOf(outputs[0] as string) : attributes.length - 1;
  const chosen = inputs?.map(indexOf) ?? attributes.map((_, i) => i).filter((i) => i !== output);
  return { attributes, inputs: chosen, output, rows };
}

function columnsOf({ name, levels }: Attribute): Column[] {
  if (levels === undefined) return [{ name, kind: 'numeric' }];
  return levels.map((level) => ({ name: `${name}=${level}`, kind: 'one-hot', source: name, level }));
}

const isMissing = (cell: string) => cell === '?' || cell === '<null>' || cell === '';
const levelsOf = (cells: readonly string[]) =>
  [...new Set(cells)].filter((cell) => !isMissing(cell)).sort(compareNames);

/** Attributes of numbers that the caller calls categories get the levels that occur. */
function withLevels(
  attributes: readonly Attribute[],
  rows: KeelFile['rows'],
  categorical: readonly ColumnName[],
  inputs: readonly number[],
  path: string,
): readonly Attribute[] {
  const names = attributes.map(({ name }) => name);
  const asked = new Set(categorical.map((wanted) => findColumn({ names, path }, wanted, 'categorical')));
  for (const at of asked)
    if (!inputs.includes(at))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected input attributes for categorical in ${path} but ${names[at]} is none`,
      );
  return attributes.map((attribute, at) =>
    attribute.levels || !asked.has(at)
      ? attribute
      : { ...attribute, levels: levelsOf(rows.map(({ cells }) => cells[at] as string)) },
  );
}

export const keel = defineDatasetFormat({
  name: 'keel',
  summary: 'KEEL tables (.dat); categorical attributes become one-hot columns',
  layout: 'a .dat file with @relation, @attribute and @data lines',
  options: { categorical: categoricalOption, labelled: labelledOption },
  async detect(path) {
    if (!/\.dat$/i.test(path)) return false;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
      return /^\s*@relation\b/im.test(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  },
  async open(path, { labelled, categorical }) {
    const text = await readFile(path, 'utf8').catch((error: Error) => {
      throw new EquipoiseError('ERR_DATA', `Expected a readable KEEL file at ${path}: ${error.message}`, {
        cause: error,
      });
    });
    const { attributes: declared, inputs, output, rows } = parse(text, path);
    const attributes = withLevels(declared, rows, categorical, inputs, path);
    const columns = inputs.flatMap((index) => columnsOf(attributes[index] as Attribute));
    const label = attributes[output] as Attribute;
    const values = new Float32Array(rows.length * columns.length);
    const labels: string[] = [];
    let at = 0;
    for (const { line, cells } of rows) {
      const level = ({ name, levels }: Attribute, cell: string) => {
        const found = levels?.indexOf(cell) ?? -1;
        if (found >= 0) return found;
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected one of ${levels?.join(', ')} in line ${line}, attribute "${name}" of ${path} but received ${isMissing(cell) ? 'a missing value' : JSON.stringify(cell)}. Remove or repair the row`,
        );
      };
      for (const index of inputs) {
        const attribute = attributes[index] as Attribute;
        const cell = cells[index] as string;
        if (attribute.levels === undefined)
          values[at++] = parseNumber(cell, `line ${line}, attribute "${attribute.name}" of ${path}`);
        else {
          values[at + level(attribute, cell)] = 1;
          at += attribute.levels.length;
        }
      }
      const cell = cells[output] as string;
      if (label.levels !== undefined) level(label, cell);
      labels.push(cell);
    }
    const oneHot = inputs.filter((index) => attributes[index]?.levels !== undefined).length;
    return {
      name: basename(path).replace(/\.dat$/i, ''),
      modality: 'table',
      count: rows.length,
      item: (index) => ({
        id: String(index),
        source: `${path}:${rows[index]?.line}`,
        label: labelled ? (labels[index] as string) : null,
      }),
      content: (index) => ({
        kind: 'row',
        values: values.subarray(index * columns.length, (index + 1) * columns.length),
      }),
      identity: (index) => valuesAsBytes(values, index, columns.length),
      columns,
      notes: [
        `label attribute "${label.name}" (${output + 1} of ${attributes.length})${labelled ? '' : ' not read (labelled: false)'}`,
        ...(oneHot > 0
          ? [
              `${oneHot} categorical attributes as ${columns.filter((c) => c.kind === 'one-hot').length} one-hot columns`,
            ]
          : []),
      ],
    };
  },
});
