/** WebDataset: tar files whose members with one stem are one sample. Read in place, never extracted. */

import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';
import { EquipoiseError } from '../core/errors.js';
import type { Label } from '../core/item.js';
import { custom } from '../core/options.js';
import { defineDatasetFormat } from './format.js';
import { compareNaturally, isImageName } from './image-folder.js';
import { labelSeparatorOption, listedLabels, separated, splitLabels } from './labels.js';
import { choosePart, labelledOption, partOfName, partOption, type Found } from './parts.js';

/** Labels, texts and JSON are small; a member that claims more is none of them. */
const MOST_BYTES_READ = 2 ** 24;

const piece = /-\d+(-of-\d+)?$/;

async function tarsIn(path: string): Promise<Found<readonly string[]>[]> {
  if (!(await stat(path)).isDirectory()) return [{ name: basename(path), part: undefined, value: [path] }];
  const names = (await readdir(path)).filter((name) => /\.tar$/i.test(name)).sort(compareNaturally);
  const sets = new Map<string, string[]>();
  for (const name of names) {
    const stem = name.replace(/\.tar$/i, '').replace(piece, '');
    sets.set(stem, [...(sets.get(stem) ?? []), join(path, name)]);
  }
  return [...sets].map(([name, value]) => ({ name, part: partOfName(name), value }));
}

/** Bytes of a member in its archive. */
interface Extent {
  readonly start: number;
  readonly size: number;
}

interface Sample {
  readonly archive: string;
  readonly key: string;
  /** By extension: everything behind the first dot of the name. */
  readonly members: Map<string, Extent>;
  /** Contents of the small members that are not images. */
  readonly texts: Map<string, string>;
}

const isImageExtension = (extension: string) => isImageName(`.${extension}`);

/** Reads the archive once from front to back and remembers where everything lies. */
async function index(archive: string, wanted: (extension: string) => boolean): Promise<Sample[]> {
  const samples = new Map<string, Sample>();
  const bytes = (await stat(archive)).size;
  const extract = tar.extract();
  const read = (async () => {
    for await (const entry of extract) {
      const { name, type, size, byteOffset } = entry.header as typeof entry.header & { byteOffset: number };
      const [, key = '', extension = ''] = /^((?:.*\/)?[^./][^./]*)\.([^/]+)$/.exec(name) ?? [];
      if (type !== 'file' || key === '') {
        entry.resume();
        continue;
      }
      if (byteOffset + (size ?? 0) > bytes)
        throw new Error(`member ${JSON.stringify(name)} claims ${size} bytes, more than the archive has`);
      const sample = samples.get(key) ?? { archive, key, members: new Map(), texts: new Map() };
      samples.set(key, sample);
      const ending = extension.toLowerCase();
      if (sample.members.has(ending)) throw new Error(`member ${JSON.stringify(name)} is there twice`);
      sample.members.set(ending, { start: byteOffset, size: size ?? 0 });
      if (isImageExtension(ending) || !wanted(ending)) {
        entry.resume();
        continue;
      }
      if ((size ?? 0) > MOST_BYTES_READ)
        throw new Error(
          `member ${JSON.stringify(name)} has ${size} bytes, more than the ${MOST_BYTES_READ} of a label or text`,
        );
      const pieces: Buffer[] = [];
      for await (const chunk of entry) pieces.push(chunk as Buffer);
      sample.texts.set(ending, Buffer.concat(pieces).toString('utf8'));
    }
  })();
  try {
    await Promise.all([pipeline(createReadStream(archive, { highWaterMark: 2 ** 20 }), extract), read]);
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a sound tar archive at ${archive} but ${(error as Error).message}`, {
      cause: error,
    });
  }
  return [...samples.values()];
}

/** A field of the sample's .json. */
function jsonField(sample: Sample, name: string): unknown {
  const json = sample.texts.get('json');
  if (json === undefined) return undefined;
  try {
    return (JSON.parse(json) as Record<string, unknown> | null)?.[name];
  } catch (error) {
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected JSON in ${sample.archive}, member ${sample.key}.json: ${(error as Error).message}`,
    );
  }
}

/** A member's text, or a field of the sample's .json. */
function field(sample: Sample, name: string): string | undefined {
  const text = sample.texts.get(name);
  if (text !== undefined) return text.trim();
  const value = jsonField(sample, name);
  return value === undefined || value === null ? undefined : String(value);
}

/** A list in the .json is one of labels; so is a text with a separator. */
function labelIn(sample: Sample, name: string, separator: string | undefined): Label | undefined {
  const where = `${sample.archive}, ${name} of ${sample.key}`;
  const listed = sample.texts.has(name) ? undefined : jsonField(sample, name);
  if (Array.isArray(listed)) return listedLabels(listed, where);
  const text = field(sample, name);
  return text === undefined || separator === undefined ? text : splitLabels(text, separator, where);
}

async function readExtent({ archive }: Sample, { start, size }: Extent): Promise<Uint8Array> {
  const file = await open(archive);
  try {
    const bytes = new Uint8Array(size);
    const { bytesRead } = await file.read(bytes, 0, size, start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const member = (help: string) =>
  custom<string | undefined>({
    accepts: 'an extension in the archive, or a field of the .json',
    default: undefined,
    help,
    check: (value) => typeof value === 'string' && value !== '',
  });

export const webdataset = defineDatasetFormat({
  name: 'webdataset',
  summary: 'WebDataset tar files, read in place: images or texts with .cls, .json or other members',
  layout: 'a .tar file, or a folder of them, with members such as 0001.jpg and 0001.cls (WebDataset)',
  options: {
    part: partOption,
    labelled: labelledOption,
    label: member('member or JSON field with the label; by default cls, else the field label'),
    text: member('member or JSON field with the text; by default txt where there are no images'),
    labelSeparator: labelSeparatorOption,
    group: member('member or JSON field; samples of one value never fall on both sides of a split'),
  },
  async detect(path) {
    if (!(await stat(path)).isDirectory()) return /\.tar(\.gz)?$/i.test(path);
    return (await tarsIn(path)).length > 0;
  },
  async open(path, { part, labelled, label, text, group, labelSeparator }) {
    if (/\.gz$/i.test(path))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a plain .tar, which can be read in place, but received ${path}. Unpack it with gunzip and pass the .tar`,
      );
    const found = await tarsIn(path);
    if (found.length === 0)
      throw new EquipoiseError('ERR_DATA', `Expected ${this.layout}, but ${path} has no .tar file`);
    const { value: archives, companions, notes } = choosePart(found, part, path);
    const names = [label ?? 'cls', 'json', text ?? 'txt', ...(group === undefined ? [] : [group])];
    const samples: Sample[] = [];
    for (const archive of archives)
      for (const sample of await index(archive, (ending) => names.includes(ending))) samples.push(sample);
    const imageOf = (sample: Sample) => [...sample.members.keys()].find(isImageExtension);
    const modality = text === undefined && samples.some(imageOf) ? 'image' : 'text';
    const kept = samples.filter((sample) =>
      modality === 'text' ? field(sample, text ?? 'txt') !== undefined : imageOf(sample) !== undefined,
    );
    if (kept.length === 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected samples with an image (.jpg, .png, .webp) or a .txt in ${path} but found none among ${samples.length}. Members end in: ${[...new Set(samples.flatMap(({ members }) => [...members.keys()]))].slice(0, 12).join(', ')}`,
      );
    const several = archives.length > 1;
    const id = ({ archive, key }: Sample) => (several ? `${basename(archive, '.tar')}/${key}` : key);
    const labelOf = (sample: Sample) => {
      const from = (name: string) => labelIn(sample, name, labelSeparator);
      return label === undefined ? (from('cls') ?? from('label')) : from(label);
    };
    if (labelled && !kept.some((sample) => labelOf(sample) !== undefined))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected ${label === undefined ? 'a .cls member, or a field "label" in .json,' : `a member or JSON field ${JSON.stringify(label)}`} with the label of each sample in ${path} but found none. Members end in: ${[...new Set(kept.flatMap(({ members }) => [...members.keys()]))].slice(0, 12).join(', ')}`,
      );
    const left = samples.length - kept.length;
    return {
      name: basename(resolve(path)).replace(/\.tar$/i, ''),
      modality,
      count: kept.length,
      item(row) {
        const sample = kept[row] as Sample;
        const inGroup = group === undefined ? undefined : field(sample, group);
        return {
          id: id(sample),
          source: `${sample.archive}#${sample.key}`,
          label: (labelled && labelOf(sample)) || null,
          ...(inGroup !== undefined && { group: inGroup }),
        };
      },
      async content(row) {
        const sample = kept[row] as Sample;
        if (modality === 'text') return { kind: 'text', text: field(sample, text ?? 'txt') as string };
        return {
          kind: 'encoded-image',
          bytes: await readExtent(sample, sample.members.get(imageOf(sample) as string) as Extent),
        };
      },
      identity(row) {
        const sample = kept[row] as Sample;
        if (modality === 'text') return field(sample, text ?? 'txt') as string;
        return String(sample.members.get(imageOf(sample) as string)?.size);
      },
      notes: [
        ...notes,
        `${kept.length} samples in ${archives.length} archive${several ? 's' : ''}`,
        ...(labelled && labelSeparator !== undefined ? [separated(labelSeparator)] : []),
        ...(left > 0 ? [`${left} samples without ${modality === 'image' ? 'an image' : 'a text'} left out`] : []),
      ],
      companions,
    };
  },
});
