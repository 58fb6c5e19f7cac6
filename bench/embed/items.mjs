// What is embedded: drawn photographs and questions.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { createRng } from '../../dist/src/core/rng.js';
import { word } from './models.mjs';

export const WIDTH = 500;
export const HEIGHT = 375;

/** Noise of all sizes, the small ones weaker, as photographs have it. */
function noise(draws, roughness) {
  const field = new Float32Array(WIDTH * HEIGHT);
  for (let cell = 128, weight = 1; cell >= 1; cell /= 2, weight *= roughness) {
    const across = Math.ceil(WIDTH / cell) + 2;
    const grid = Float32Array.from({ length: across * (Math.ceil(HEIGHT / cell) + 2) }, () => draws.uniform() - 0.5);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) {
        const [u, v] = [x / cell, y / cell];
        const at = Math.floor(v) * across + Math.floor(u);
        const [fx, fy] = [u % 1, v % 1];
        const top = grid[at] * (1 - fx) + grid[at + 1] * fx;
        const bottom = grid[at + across] * (1 - fx) + grid[at + across + 1] * fx;
        field[y * WIDTH + x] += weight * (top * (1 - fy) + bottom * fy);
      }
  }
  return field;
}

/** A JPEG of 500 x 375 pixels and about 110 kB: noise, edges, a cast of colour. */
export function drawPhoto(seed) {
  const draws = createRng(seed, 'photo').at(0);
  const light = noise(draws, 0.88);
  for (let edge = 0; edge < 6; edge++) {
    const [angle, offset, step] = [draws.uniform() * 6.28, draws.uniform() * 700 - 200, draws.uniform() - 0.5];
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    for (let i = 0; i < light.length; i++)
      if ((i % WIDTH) * cos + Math.floor(i / WIDTH) * sin > offset) light[i] += 0.8 * step;
  }
  const pixels = Buffer.alloc(3 * light.length);
  for (let c = 0; c < 3; c++) {
    const cast = noise(draws, 0.6);
    for (let i = 0; i < light.length; i++)
      pixels[3 * i + c] = Math.max(0, Math.min(255, 118 + 150 * (light[i] + 0.25 * cast[i])));
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** `count` files of which every `distinct`th has the same content: reading is what differs, and that is the disk's. */
export async function drawPhotos(folder, count, distinct = 32) {
  await mkdir(join(folder, 'photo'), { recursive: true });
  const photos = [];
  for (let i = 0; i < Math.min(count, distinct); i++) photos.push(await drawPhoto(i));
  for (let i = 0; i < count; i++) await writeFile(join(folder, 'photo', `${i}.jpg`), photos[i % distinct]);
}

/** Words of each question: 3 to 37, 10 on average, as those of TREC have. */
export function drawLengths(count) {
  const draws = createRng(1, 'lengths').at(0);
  return Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(draws.uniform() + 1e-12)) * Math.cos(6.2832 * draws.uniform());
    return Math.max(3, Math.min(37, Math.round(9.3 * Math.exp(0.4 * normal))));
  });
}

/** A CSV with a label and a question a line. */
export async function drawTexts(file, count) {
  const draws = createRng(1, 'words').at(0);
  const lines = drawLengths(count).map((length, i) => {
    const words = Array.from({ length }, () => word(draws.below(8000)));
    return `${i % 6},${words.join(' ')}`;
  });
  await writeFile(file, `label,text\n${lines.join('\n')}\n`);
}
