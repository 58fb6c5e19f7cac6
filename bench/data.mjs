// The rows that every program of a case is given, as .npy files in one folder.
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const codes = { '<f4': Float32Array, '<i4': Int32Array };

export async function writeArray(file, data, shape) {
  const code = data instanceof Float32Array ? '<f4' : '<i4';
  const header = `{'descr': '${code}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const length = Math.ceil((11 + header.length) / 64) * 64 - 10;
  const start = Buffer.alloc(10 + length, ' ');
  start.write('\x93NUMPY\x01\x00', 'latin1');
  start.writeUInt16LE(length, 8);
  start.write(header, 10, 'latin1');
  start[9 + length] = 10;
  await writeFile(file, [start, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

/** An array written by `writeArray`, read straight into its memory. */
export async function readArray(file) {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer: start } = await handle.read(Buffer.alloc(10), 0, 10, 0);
    const header = Buffer.alloc(start.readUInt16LE(8));
    await handle.read(header, 0, header.length, 10);
    const Kind = codes[/'descr': '([^']+)'/.exec(header.toString('latin1'))[1]];
    const at = 10 + header.length;
    const data = new Kind((size - at) / 4);
    const bytes = new Uint8Array(data.buffer);
    for (let done = 0; done < bytes.length;)
      done += (await handle.read(bytes, done, Math.min(2 ** 30, bytes.length - done), at + done)).bytesRead;
    return data;
  } finally {
    await handle.close();
  }
}

/** Uniform numbers in (0, 1), the same on every machine: xorshift128. */
function generator(seed) {
  let [a, b, c, d] = [seed, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
  return () => {
    const t = d ^ (d << 11);
    [d, c, b] = [c, b, a];
    a = a ^ (a >>> 19) ^ t ^ (t >>> 8);
    return ((a >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Class sizes that fall exponentially, the largest `ratio` times the smallest. */
function classSizes(n, classes, ratio) {
  const shares = Array.from({ length: classes }, (_, c) => ratio ** (-c / Math.max(1, classes - 1)));
  const sum = shares.reduce((total, share) => total + share, 0);
  const sizes = shares.map((share) => Math.max(2, Math.floor((n * share) / sum)));
  sizes[0] += n - sizes.reduce((total, size) => total + size, 0);
  return sizes;
}

/**
 * Draws a long-tailed set of Gaussian clouds whose columns carry less and less variance, as those of embeddings do.
 *
 * x (n, d), y (n) class ids; queries, evenly spread among the rows outside the largest class; base, other and step: recipes
 * that bring every class to the size of the largest, from its rows towards rows of other classes; order: a permutation of
 * the recipes.
 */
export async function drawData(folder, { n, d, classes = 10, ratio = 100, queries = Infinity }) {
  const uniform = generator(1);
  const below = (bound) => Math.floor(uniform() * bound);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const sizes = classSizes(n, classes, ratio);
  const y = Int32Array.from(sizes.flatMap((size, c) => Array.from({ length: size }, () => c)));
  shuffle(y, below);

  const scales = Float32Array.from({ length: d }, (_, j) => (1 + j) ** -0.5);
  const power = Math.sqrt(scales.reduce((sum, scale) => sum + scale * scale, 0) / d);
  const centres = Float32Array.from({ length: classes * d }, () => (4 / Math.sqrt(2 * d)) * normal());
  const x = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) x[i * d + j] = (scales[j] / power) * (centres[y[i] * d + j] + normal());

  const minority = Int32Array.from(y.keys()).filter((i) => y[i] !== 0);
  const count = Math.min(queries, minority.length);
  const chosen = Int32Array.from({ length: count }, (_, q) => minority[Math.floor((q * minority.length) / count)]);

  const members = sizes.map((_, c) => Int32Array.from(y.keys()).filter((i) => y[i] === c));
  const made = members.flatMap((own, c) => Array.from({ length: sizes[0] - own.length }, () => c));
  const base = Int32Array.from(made, (c) => members[c][below(members[c].length)]);
  const other = base.map((row) => {
    for (;;) {
      const enemy = below(n);
      if (y[enemy] !== y[row]) return enemy;
    }
  });
  const step = Float32Array.from(made, uniform);
  const order = Int32Array.from(made.keys());
  shuffle(order, below);

  await mkdir(folder, { recursive: true });
  await writeArray(join(folder, 'x.npy'), x, [n, d]);
  for (const [name, data] of Object.entries({ y, queries: chosen, base, other, step, order }))
    await writeArray(join(folder, `${name}.npy`), data, [data.length]);
}

function shuffle(values, below) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
}
