import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  createImagePreprocessor,
  geometryOf,
  parseImageRecipe,
  type Filter,
  type Pixels,
} from '../../../src/preprocess/index.js';

interface Oracle {
  readonly pillow: string;
  readonly grey: string;
  readonly cases: readonly {
    readonly from: readonly [number, number, 1 | 3];
    readonly to: readonly [number, number];
    readonly filter: Filter;
    readonly pixels: string;
  }[];
}

const oracle = JSON.parse(
  readFileSync(new URL('../../../../test/oracle/pillow/resize.json', import.meta.url), 'utf8'),
) as Oracle;

function draw(height: number, width: number, channels: 1 | 3): Pixels {
  const data = new Uint8Array(height * width * channels);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) data[i++] = x * 37 + y * 101 + c * 59 + x * y * 13;
  return { data, width, height, channels };
}

type Place = readonly [height: number, width: number];

/** The bytes that a network would see that takes them as they are. */
async function resized(image: Pixels, to: Place, filter: Filter, crop: Place = to): Promise<Uint8Array> {
  const mode = image.channels === 1 ? 'L' : 'RGB';
  const recipe = parseImageRecipe({ mode, resize: to, filter, centerCrop: crop, rescale: 1 }, 'preprocess');
  const images = createImagePreprocessor(recipe, { size: crop, layout: 'NHWC' });
  const out = new Float32Array(images.length);
  await images.into({ kind: 'pixels', ...image }, out, 0);
  return Uint8Array.from(out);
}

test('every filter resizes to the bytes of Pillow', async () => {
  assert.equal(oracle.cases.length, 48);
  for (const { from, to, filter, pixels } of oracle.cases) {
    const made = await resized(draw(...from), to, filter);
    assert.equal(Buffer.from(made).toString('hex'), pixels, `${from} to ${to} by ${filter}`);
  }
});

test('a crop of the result is that part of the whole', async () => {
  const crop = [7, 9] as const;
  const { box } = geometryOf(parseImageRecipe({ resize: [12, 17], centerCrop: crop }, 'preprocess'), 9, 13);
  for (const filter of ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const) {
    const whole = await resized(draw(9, 13, 3), [12, 17], filter);
    const part = await resized(draw(9, 13, 3), [12, 17], filter, crop);
    for (let y = 0; y < box.height; y++) {
      const row = whole.subarray(((box.top + y) * 17 + box.left) * 3, ((box.top + y) * 17 + box.left + box.width) * 3);
      assert.deepEqual(part.subarray(y * box.width * 3, (y + 1) * box.width * 3), row);
    }
  }
});

test('mode L is the grey of Pillow', async () => {
  const recipe = parseImageRecipe({ mode: 'L', rescale: 1 }, 'preprocess');
  const out = new Float32Array(9 * 13);
  await createImagePreprocessor(recipe, { size: [9, 13], layout: 'NCHW' }).into(
    { kind: 'pixels', ...draw(9, 13, 3) },
    out,
    0,
  );
  assert.equal(Buffer.from(Uint8Array.from(out)).toString('hex'), oracle.grey);
});
