/** Small datasets of every kind, the same on every run, with classes that a simple head can tell apart. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { createRng } from '../../src/core/rng.js';

/** A class of noisy pictures around one colour. */
const colours = { red: [200, 40, 40], green: [40, 180, 60], blue: [40, 60, 200] } as const;

type Counts = Readonly<Record<string, number>>;

async function picture(name: string, index: number): Promise<Buffer> {
  const [r, g, b] = colours[name as keyof typeof colours];
  const draws = createRng(7, `picture/${name}`).at(index);
  const size = 24;
  const pixels = Buffer.alloc(size * size * 3);
  for (let i = 0; i < size * size; i++)
    [r, g, b].forEach(
      (value, c) => (pixels[3 * i + c] = Math.max(0, Math.min(255, value + 80 * (draws.uniform() - 0.5)))),
    );
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg()
    .toBuffer();
}

/** Class folders of JPEG files: `red/00.jpg`, … */
export async function drawImages(dir: string, counts: Counts, from = 0): Promise<string> {
  for (const [name, count] of Object.entries(counts)) {
    await mkdir(join(dir, name), { recursive: true });
    await Promise.all(
      Array.from({ length: count }, async (_, i) =>
        writeFile(join(dir, name, `${String(from + i).padStart(2, '0')}.jpg`), await picture(name, from + i)),
      ),
    );
  }
  return dir;
}

/** Lines of `width`, `height`, `kind`: 1 in 5 is rare, and wider. */
export function tableRows(rows: number): string[] {
  const draws = createRng(3, 'table').at(0);
  return Array.from({ length: rows }, (_, i) => {
    const rare = i % 5 === 0;
    return `${(draws.uniform() + (rare ? 1 : 0)).toFixed(4)},${draws.uniform().toFixed(4)},${rare ? 'rare' : 'common'}`;
  });
}

export async function writeTable(path: string, rows = 60): Promise<string> {
  await writeFile(path, `width,height,kind\n${tableRows(rows).join('\n')}\n`);
  return path;
}

/** Lines of `width`, `height`, `kind` with two words and a code between them: the rare class is red or green, and its code is 7. */
export async function writeMixedTable(path: string, rows = 80): Promise<string> {
  const draws = createRng(4, 'words').at(0);
  const lines = tableRows(rows).map((line) => {
    const [width, height, kind] = line.split(',');
    const [colours, codes] =
      kind === 'rare'
        ? [['red', 'green'], [7]]
        : [
            ['blue', 'green', 'red'],
            [1, 2, 7],
          ];
    const pick = <T>(values: readonly T[]) => values[draws.below(values.length)];
    return [width, height, pick(colours), pick(['round', 'flat']), pick(codes), kind].join(',');
  });
  await writeFile(path, `width,height,colour,shape,code,kind\n${lines.join('\n')}\n`);
  return path;
}

/** KEEL with a nominal attribute. */
export async function writeKeel(path: string, rows = 60): Promise<string> {
  const lines = tableRows(rows).map((line, i) => {
    const [width, height, kind] = line.split(',');
    return `${width}, ${height}, ${i % 2 === 0 ? 'round' : 'square'}, ${kind}`;
  });
  await writeFile(
    path,
    `@relation shapes
@attribute width real [0, 2]
@attribute height real [0, 1]
@attribute form {round, square}
@attribute kind {common, rare}
@inputs width, height, form
@outputs kind
@data
${lines.join('\n')}
`,
  );
  return path;
}

function idx(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length, 0);
  shape.forEach((side, i) => header.writeUInt32BE(side, 4 + 4 * i));
  return gzipSync(Buffer.concat([header, data]));
}

/** Grey images whose bright half is the top (0), the bottom (1) or, rarely, both (2); a train and a test part. */
export async function writeIdx(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const [prefix, count] of [
    ['train', 48],
    ['t10k', 24],
  ] as const) {
    const draws = createRng(5, prefix).at(0);
    const side = 8;
    const labels = Uint8Array.from({ length: count }, (_, i) => (i % 8 === 0 ? 2 : i % 2));
    const pixels = new Uint8Array(count * side * side);
    for (let i = 0; i < count; i++)
      for (let p = 0; p < side * side; p++) {
        const top = p < (side * side) / 2;
        const bright = labels[i] === 2 || (labels[i] === 0) === top;
        pixels[i * side * side + p] = (bright ? 180 : 20) + Math.floor(60 * draws.uniform());
      }
    await writeFile(join(dir, `${prefix}-images-idx3-ubyte.gz`), idx([count, side, side], pixels));
    await writeFile(join(dir, `${prefix}-labels-idx1-ubyte.gz`), idx([count], labels));
  }
  return dir;
}

const subjects = {
  who: ['who wrote', 'who sang', 'who built'],
  where: ['where is', 'where was', 'where stood'],
} as const;
const things = ['the tower', 'a song', 'this book', 'the city', 'an old house', 'the river', 'that bridge', 'a play'];

/** Questions with a label: 24 `who`, 12 `where`. */
export async function writeTexts(path: string): Promise<string> {
  const lines = Object.entries(subjects).flatMap(([label, starts]) =>
    starts.flatMap((start, s) =>
      things
        .slice(0, label === 'who' ? 8 : 4)
        .map((thing, t) => `${label},${start} ${thing} of the ${['north', 'south', 'sea'][(s + t) % 3]}`),
    ),
  );
  await writeFile(path, `label,text\n${lines.join('\n')}\n`);
  return path;
}
