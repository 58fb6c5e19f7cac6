/** CIFAR-10 and CIFAR-100 in their binary version. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Part } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { choice } from '../core/options.js';
import { defineDatasetFormat } from './format.js';
import { choosePart, labelledOption, partOption, type Found } from './parts.js';

const SIDE = 32;
const PLANE = SIDE * SIDE;

/** The two sets differ in how many label bytes stand before the 3,072 of an image. */
const variants = [
  {
    files: { train: /^data_batch_\d+\.bin$/, test: /^test_batch\.bin$/ },
    labels: [{ name: 'fine', names: 'batches.meta.txt' }],
  },
  {
    files: { train: /^train\.bin$/, test: /^test\.bin$/ },
    labels: [
      { name: 'coarse', names: 'coarse_label_names.txt' },
      { name: 'fine', names: 'fine_label_names.txt' },
    ],
  },
] as const;

interface CifarFiles {
  readonly folder: string;
  readonly files: readonly string[];
  readonly labels: (typeof variants)[number]['labels'];
}

async function find(path: string): Promise<Found<CifarFiles>[]> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  const names = (await readdir(folder)).sort();
  const wanted = folder === path ? names : [basename(path)];
  for (const { files, labels } of variants) {
    // Names as plain as train.bin say little; the list of class names beside them says the rest.
    if (!labels.every((label) => names.includes(label.names))) continue;
    const found = (['train', 'test'] as const).flatMap((part) => {
      const matching = wanted.filter((name) => files[part].test(name));
      return matching.length === 0
        ? []
        : [{ name: part, part: part as Part, value: { folder, files: matching, labels } }];
    });
    if (found.length > 0) return found;
  }
  return [];
}

async function readRecords(path: string, length: number): Promise<Buffer> {
  const bytes = await readFile(path);
  if (bytes.length > 0 && bytes.length % length === 0) return bytes;
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected records of ${length} bytes in ${path} but received ${bytes.length} bytes, which is no multiple of it. Fetch the file again`,
  );
}

/** Planes of red, green and blue → interleaved pixels. */
function interleave(planes: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * PLANE);
  for (let i = 0; i < PLANE; i++)
    for (let channel = 0; channel < 3; channel++) data[3 * i + channel] = planes[channel * PLANE + i] as number;
  return data;
}

export const cifar = defineDatasetFormat({
  name: 'cifar',
  summary: 'CIFAR-10 and CIFAR-100, binary version',
  layout:
    'a folder with data_batch_1.bin … and batches.meta.txt, or train.bin and fine_label_names.txt (CIFAR, binary version)',
  options: {
    part: partOption,
    labelled: labelledOption,
    label: choice({ of: ['fine', 'coarse'], default: 'fine', help: 'which of the two labels of CIFAR-100' }),
  },
  async detect(path) {
    return (await find(path)).length > 0;
  },
  async open(path, { part, labelled, label }) {
    const found = await find(path);
    if (found.length === 0)
      throw new EquipoiseError('ERR_DATA', `Expected ${this.layout}, but ${path} has no such files`);
    const { value, companions, notes } = choosePart(found, part, path);
    const { folder, files, labels } = value;
    const at = labels.findIndex(({ name }) => name === label);
    if (at < 0)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected "fine" for cifar.label of ${path}: CIFAR-10 has no coarse label`,
      );
    const namesFile = join(folder, (labels[at] as { names: string }).names);
    const classNames = (await readFile(namesFile, 'utf8'))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const length = labels.length + 3 * PLANE;
    const batches: Buffer[] = [];
    const starts: number[] = [];
    let count = 0;
    for (const file of files) {
      const bytes = await readRecords(join(folder, file), length);
      batches.push(bytes);
      starts.push(count);
      for (let record = 0; record * length < bytes.length; record++) {
        const id = bytes[record * length + at] as number;
        if (id >= classNames.length)
          throw new EquipoiseError(
            'ERR_DATA',
            `Expected a class id below ${classNames.length} (${namesFile}) in record ${record} of ${join(folder, file)} but received ${id}`,
          );
      }
      count += bytes.length / length;
    }
    const locate = (index: number) => {
      const batch = starts.findLastIndex((start) => start <= index);
      const record = index - (starts[batch] as number);
      const bytes = batches[batch] as Buffer;
      return { file: files[batch] as string, record, bytes: bytes.subarray(record * length, (record + 1) * length) };
    };
    return {
      name: basename(resolve(path)),
      modality: 'image',
      count,
      item(index) {
        const { file, record, bytes } = locate(index);
        return {
          id: String(index),
          source: `${join(folder, file)}#${record}`,
          label: labelled ? (classNames[bytes[at] as number] as string) : null,
        };
      },
      content: (index) => ({
        kind: 'pixels',
        data: interleave(locate(index).bytes.subarray(labels.length)),
        width: SIDE,
        height: SIDE,
        channels: 3,
      }),
      identity: (index) => locate(index).bytes,
      notes: [...notes, `${count} colour images of 32 x 32`, ...(labels.length > 1 ? [`${label} labels`] : [])],
      companions,
    };
  },
});
