/** A folder of class folders with image files. */

import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { compareNames } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { defineDatasetFormat } from './format.js';
import { choosePart, labelledOption, partOfName, partOption } from './parts.js';

const imageExtension = /\.(jpe?g|png|webp)$/i;

export function isImageName(name: string): boolean {
  return imageExtension.test(name);
}

/** "img2" before "img10": runs of digits compare as numbers, everything else by code unit, the same on every machine. */
export function compareNaturally(a: string, b: string): number {
  const pieces = /\d+|\D+/g;
  const left = a.match(pieces) ?? [];
  const right = b.match(pieces) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    if (Number.isFinite(difference) && difference !== 0) return difference;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

const isHidden = (name: string) => name.startsWith('.') || name === '__MACOSX';

async function entries(folder: string): Promise<Dirent[]> {
  try {
    const all = await readdir(folder, { withFileTypes: true });
    return all.filter(({ name }) => !isHidden(name)).sort((a, b) => compareNaturally(a.name, b.name));
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a readable folder at ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The size of a file, −1 where it cannot be read: it stays an item, and fails with its reason when it is decoded. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return -1;
  }
}

/** Of many files, so many at a time that the system's limit on open ones is far. */
export async function sizesOf(paths: readonly string[]): Promise<number[]> {
  const sizes: number[] = [];
  for (let start = 0; start < paths.length; start += 256)
    sizes.push(...(await Promise.all(paths.slice(start, start + 256).map(sizeOf))));
  return sizes;
}

interface ImageFile {
  /** From the opened folder, with "/" on every system. */
  readonly path: string;
  readonly size: number;
  readonly label: string | null;
}

/** What was passed over, for the notes. */
interface Skipped {
  readonly extensions: Map<string, number>;
  readonly links: string[];
}

/** Images at any depth under `root`/`below`, in natural order; links to files are followed, links to folders are not. */
async function walk(root: string, below: string, label: string | null, skipped: Skipped): Promise<ImageFile[]> {
  const nested = await Promise.all(
    (await entries(join(root, below))).map(async (entry): Promise<ImageFile[]> => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return walk(root, path, label, skipped);
      if (entry.isSymbolicLink() && (await stat(join(root, path)).catch(() => null))?.isDirectory()) {
        skipped.links.push(path);
        return [];
      }
      if (isImageName(entry.name)) return [{ path, size: await sizeOf(join(root, path)), label }];
      const extension = /\.[^.]+$/.exec(entry.name)?.[0].toLowerCase() ?? 'no extension';
      skipped.extensions.set(extension, (skipped.extensions.get(extension) ?? 0) + 1);
      return [];
    }),
  );
  return nested.flat();
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function notesOf(skipped: Skipped): string[] {
  const count = [...skipped.extensions.values()].reduce((sum, n) => sum + n, 0);
  const kinds = [...skipped.extensions.keys()].sort().join(', ');
  return [
    ...(count > 0 ? [`${plural(count, 'file')} skipped: ${kinds}`] : []),
    ...skipped.links.sort().map((path) => `link to a folder not followed: ${path}`),
  ];
}

/** Train, validation and test folders with class folders inside, if that is all there is. */
async function partFolders(path: string, folders: readonly Dirent[]) {
  const found = folders.map(({ name }) => ({ name, part: partOfName(name), value: join(path, name) }));
  if (found.length === 0 || found.some(({ part }) => part === undefined)) return [];
  const inside = await Promise.all(found.map(({ value }) => entries(value)));
  return inside.every((list) => list.some((entry) => entry.isDirectory())) ? found : [];
}

const layout = 'a folder of class folders with JPEG, PNG or WebP files, such as DATA/cat/001.jpg and DATA/dog/001.jpg';

export const imageFolder = defineDatasetFormat({
  name: 'image-folder',
  summary: 'class folders of JPEG, PNG or WebP files, at any depth',
  layout,
  options: { part: partOption, labelled: labelledOption },
  async detect(path) {
    if (!(await stat(path)).isDirectory()) return false;
    return (await entries(path)).some((entry) => entry.isDirectory() || isImageName(entry.name));
  },
  async open(path, { part, labelled }) {
    const refuse = (found: string) => new EquipoiseError('ERR_DATA', `Expected ${layout}, but ${path} ${found}`);
    let root = path;
    let listed = await entries(root);
    const parts = await partFolders(
      root,
      listed.filter((entry) => entry.isDirectory()),
    );
    if (parts.length === 0 && part !== undefined) throw refuse(`has no folder for the part ${part}`);
    const choice = parts.length > 0 ? choosePart(parts, part, path) : undefined;
    if (choice) {
      root = choice.value;
      listed = await entries(root);
    }
    if (listed.length === 0) throw refuse('is empty');
    const skipped: Skipped = { extensions: new Map(), links: [] };
    const notes = [...(choice?.notes ?? [])];
    const files: ImageFile[] = [];
    if (!labelled) files.push(...(await walk(root, '', null, skipped)));
    else {
      const folders = listed.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      const loose = listed.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      const images = loose.filter(isImageName);
      if (folders.length === 0)
        throw refuse(
          images.length > 0
            ? `has ${plural(images.length, 'image')} and no class folder. Move them into one folder a class, or open them with labelled: false to predict`
            : `has no class folder, only ${loose.slice(0, 5).join(', ')}`,
        );
      if (images.length > 0)
        notes.push(
          `${plural(images.length, 'image')} beside the class folders skipped: ${images.slice(0, 5).join(', ')}`,
        );
      for (const folder of folders.sort(compareNames)) {
        const found = await walk(root, folder, folder, skipped);
        if (found.length === 0) notes.push(`class folder ${JSON.stringify(folder)} has no image and is left out`);
        files.push(...found);
      }
    }
    notes.push(...notesOf(skipped));
    if (files.length === 0) throw refuse(`has no image${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`);
    return {
      name: basename(resolve(path)),
      modality: 'image',
      count: files.length,
      item(index) {
        const file = files[index] as ImageFile;
        return {
          id: file.path,
          source: join(root, file.path),
          label: file.label,
        };
      },
      content: (index) => ({ kind: 'image', path: resolve(root, (files[index] as ImageFile).path) }),
      // The size stands for the bytes: reading them all would double the cost of a run.
      identity: (index) => String(files[index]?.size),
      notes,
      ...(choice && { companions: choice.companions }),
    };
  },
});
