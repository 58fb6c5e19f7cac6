/** IDX: the format of MNIST and its relatives, a file of images and a file of labels. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { unpackGzip } from '../interchange/index.js';
import { defineDatasetFormat } from './format.js';
import { choosePart, labelledOption, partOfName, partOption, type Found } from './parts.js';

const imagesName = /^(.+?)-images([-.])idx3-ubyte(\.gz)?$/;

interface IdxFiles {
  readonly images: string;
  /** Names the labels may have, packed or not. */
  readonly labels: readonly string[];
}

function filesOf(folder: string, name: string): Found<IdxFiles> | undefined {
  const match = imagesName.exec(name);
  if (match === null) return undefined;
  const [, prefix = '', separator = '-'] = match;
  const labels = join(folder, `${prefix}-labels${separator}idx1-ubyte`);
  return {
    name: prefix,
    part: partOfName(prefix),
    value: { images: join(folder, name), labels: [labels, `${labels}.gz`] },
  };
}

async function find(path: string): Promise<Found<IdxFiles>[]> {
  const folder = (await stat(path)).isDirectory();
  const names = folder ? (await readdir(path)).sort() : [basename(path)];
  const found = names.map((name) => filesOf(folder ? path : dirname(path), name)).filter((x) => x !== undefined);
  // The same file packed and unpacked is one; the unpacked sorts first.
  return found.filter(({ name }, i) => found.findIndex((other) => other.name === name) === i);
}

async function readBytes(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new EquipoiseError('ERR_DATA', `Expected a readable IDX file at ${path}: ${error.message}`, { cause: error });
  });
  return path.endsWith('.gz') ? unpackGzip(bytes, path) : bytes;
}

/** Checks the header against the bytes that are really there: a header is a claim. */
async function readIdx(path: string, dimensions: number): Promise<{ shape: number[]; data: Uint8Array }> {
  const bytes = await readBytes(path);
  const refuse = (found: string) =>
    new EquipoiseError(
      'ERR_DATA',
      `Expected an IDX file of unsigned bytes in ${dimensions} dimension${dimensions === 1 ? '' : 's'} at ${path} but received ${found}. Fetch the file again`,
    );
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) throw refuse(`${bytes.length} bytes, less than its header of ${header}`);
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0x0800 + dimensions)
    throw refuse(
      `magic number 0x${magic.toString(16).padStart(8, '0')} in place of 0x${(0x0800 + dimensions).toString(16).padStart(8, '0')}`,
    );
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const claimed = shape.reduce((product, side) => product * side, 1);
  const there = bytes.length - header;
  if (claimed !== there)
    throw refuse(`a header of ${shape.join(' x ')} = ${claimed} bytes in front of ${there} bytes of data`);
  if (claimed === 0) throw refuse(`no data (a header of ${shape.join(' x ')})`);
  return { shape, data: bytes.subarray(header) };
}

async function readLabels({ images, labels }: IdxFiles, count: number): Promise<Uint8Array> {
  const there = await Promise.all(labels.map((path) => stat(path).catch(() => null)));
  const path = labels.find((_, i) => there[i]?.isFile());
  if (path === undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the labels of ${images} in ${labels.join(' or ')} but neither is there. Put it beside the images`,
    );
  const { data } = await readIdx(path, 1);
  if (data.length !== count)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected one label an image but ${path} has ${data.length} labels and ${images} has ${count} images`,
    );
  return data;
}

export const idx = defineDatasetFormat({
  name: 'idx',
  summary: 'IDX files of grey images and labels, plain or gzip (MNIST, Fashion-MNIST, …)',
  layout: 'a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte (.gz or not)',
  options: { part: partOption, labelled: labelledOption },
  async detect(path) {
    return (await find(path)).length > 0;
  },
  async open(path, { part, labelled }) {
    const found = await find(path);
    if (found.length === 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected ${this.layout}, but ${path} has no file named *-images-idx3-ubyte`,
      );
    const { value, companions, notes } = choosePart(found, part, path);
    const { shape, data } = await readIdx(value.images, 3);
    const [count = 0, height = 0, width = 0] = shape;
    const labels = labelled ? await readLabels(value, count) : undefined;
    const pixels = (index: number) => data.subarray(index * height * width, (index + 1) * height * width);
    return {
      name: basename(resolve(path)).replace(imagesName, '$1'),
      modality: 'image',
      count,
      item: (index) => ({
        id: String(index),
        source: `${value.images}#${index}`,
        label: labels ? String(labels[index]) : null,
      }),
      content: (index) => ({ kind: 'pixels', data: pixels(index), width, height, channels: 1 }),
      identity: pixels,
      notes: [...notes, `${count} grey images of ${height} x ${width}`],
      companions,
    };
  },
});
