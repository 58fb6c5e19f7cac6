import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import {
  createImagePreprocessor,
  decodeImage,
  geometryOf,
  parseImageRecipe,
  type ImageRecipe,
} from '../../../src/preprocess/index.js';
import { crc32 } from './crc32.js';
import { failure, folderOf } from '../dataset/temp-folder.js';

const raw = parseImageRecipe({ rescale: 1 }, 'preprocess');

/** 2 × 3 (height × width): red, green, blue over black, grey, white. */
const pixels = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 128, 128, 128, 255, 255, 255]);
const six = { kind: 'pixels', data: pixels, width: 3, height: 2, channels: 3 } as const;
const drawn = () => sharp(pixels, { raw: { width: 3, height: 2, channels: 3 } });

async function prepare(recipe: ImageRecipe, size: [number, number], content: Parameters<typeof decodeImage>[0]) {
  const images = createImagePreprocessor(recipe, { size, layout: 'NCHW' });
  const out = new Float32Array(images.length);
  await images.into(content, out, 0);
  return [...out];
}

test('NCHW writes planes and NHWC interleaves, at the offset asked for', async () => {
  const out = new Float32Array(20).fill(-1);
  await createImagePreprocessor(raw, { size: [2, 3], layout: 'NCHW' }).into(six, out, 1);
  assert.deepEqual([...out], [-1, 255, 0, 0, 0, 128, 255, 0, 255, 0, 0, 128, 255, 0, 0, 255, 0, 128, 255, -1]);
  await createImagePreprocessor(raw, { size: [2, 3], layout: 'NHWC' }).into(six, out, 2);
  assert.deepEqual([...out.subarray(2)], [...pixels]);
});

test('BGR turns the channels round, with mean and std in its own order', async () => {
  const recipe = parseImageRecipe({ mode: 'BGR', rescale: 1, mean: [1, 2, 3], std: [1, 2, 4] }, 'preprocess');
  const out = await prepare(recipe, [1, 1], {
    kind: 'pixels',
    data: Uint8Array.of(11, 12, 13),
    width: 1,
    height: 1,
    channels: 3,
  });
  // Blue (13 − 1) / 1, green (12 − 2) / 2, red (11 − 3) / 4.
  assert.deepEqual(out, [12, 5, 2]);
});

test('grey pixels fill all three channels, each with its own mean', async () => {
  const recipe = parseImageRecipe({ rescale: 0.5, mean: [0, 10, 20], std: [1, 1, 2] }, 'preprocess');
  const out = await prepare(recipe, [1, 1], {
    kind: 'pixels',
    data: Uint8Array.of(100),
    width: 1,
    height: 1,
    channels: 1,
  });
  // 100 · 0.5 = 50: 50, (50 − 10) / 1, (50 − 20) / 2.
  assert.deepEqual(out, [50, 40, 15]);
});

test('the shortest edge and the crop follow torchvision in their rounding', () => {
  const recipe = parseImageRecipe({ resizeShortestEdge: 256, centerCrop: 224 }, 'preprocess');
  // 256 · 500 / 375 = 341.33 → 341; margins (256 − 224) / 2 = 16 and (341 − 224) / 2 = 58.5 → 58, the even neighbour.
  const landscape = geometryOf(recipe, 375, 500);
  assert.deepEqual(landscape.resized, [256, 341]);
  assert.deepEqual(landscape.box, { left: 58, top: 16, width: 224, height: 224 });
  // 256 · 451 / 300 = 384.85 → 384 (rounded down); (384 − 224) / 2 = 80.
  assert.deepEqual(geometryOf(recipe, 451, 300).resized, [384, 256]);
  assert.equal(geometryOf(recipe, 451, 300).box.top, 80);
  // (343 − 224) / 2 = 59.5 → 60: here the even neighbour is above.
  assert.equal(geometryOf(parseImageRecipe({ centerCrop: 224 }, 'p'), 224, 343).box.left, 60);
});

test('a crop larger than the image pads with black, the odd pixel below and right', async () => {
  const recipe = parseImageRecipe({ mode: 'L', centerCrop: [4, 3], rescale: 1, mean: [1] }, 'preprocess');
  const out = await prepare(recipe, [4, 3], {
    kind: 'pixels',
    data: Uint8Array.of(7, 8),
    width: 2,
    height: 1,
    channels: 1,
  });
  // Rows: (4 − 1) / 2 = 1.5 → 1 above; columns: (3 − 2) / 2 = 0.5 → 0 left. Black is 0 − 1.
  assert.deepEqual(out, [-1, -1, -1, 6, 7, -1, -1, -1, -1, -1, -1, -1]);
});

test('PNG, WebP, a file and bytes give the pixels that were drawn', async (t) => {
  const png = await drawn().png().toBuffer();
  const webp = await drawn().webp({ lossless: true }).toBuffer();
  const root = folderOf(t, { 'a.png': png });
  for (const content of [
    { kind: 'encoded-image', bytes: png },
    { kind: 'encoded-image', bytes: webp },
    { kind: 'image', path: join(root, 'a.png') },
  ] as const)
    assert.deepEqual([...(await decodeImage(content)).data], [...pixels]);
});

test('EXIF orientation is applied', async () => {
  // Orientation 6: the camera was turned, so the picture is shown a quarter turn clockwise.
  const bytes = await drawn().png().withMetadata({ orientation: 6 }).toBuffer();
  const { data, width, height } = await decodeImage({ kind: 'encoded-image', bytes });
  assert.deepEqual([width, height], [2, 3]);
  // The left column, bottom to top, becomes the first row: black, red.
  assert.deepEqual([...data.subarray(0, 6)], [0, 0, 0, 255, 0, 0]);
});

test('transparency is dropped, not blended', async () => {
  const rgba = Uint8Array.from([200, 100, 50, 0, 10, 20, 30, 255]);
  const bytes = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
    .png()
    .toBuffer();
  assert.deepEqual([...(await decodeImage({ kind: 'encoded-image', bytes })).data], [200, 100, 50, 10, 20, 30]);
});

test('grey, palette, 16-bit and CMYK images decode to 8-bit grey or RGB', async () => {
  const grey = await sharp(Uint8Array.of(9, 200), { raw: { width: 2, height: 1, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  const palette = await drawn().png({ palette: true }).toBuffer();
  const deep = await drawn().toColourspace('rgb16').png().toBuffer();
  const cmyk = await drawn().toColourspace('cmyk').jpeg().toBuffer();
  const decoded = await Promise.all(
    [grey, palette, deep, cmyk].map((bytes) => decodeImage({ kind: 'encoded-image', bytes })),
  );
  const [first, ...rest] = decoded;
  assert.deepEqual([first?.data[0], first?.data.at(-1)], [9, 200]);
  for (const { data, channels, width, height } of rest) assert.equal(data.length, channels * width * height);
  assert.deepEqual([...(decoded[2]?.data ?? [])], [...pixels]);
  assert.equal(decoded[3]?.channels, 3);
});

/** A PNG with the given size in its header and nothing behind it. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(25);
  header.writeUInt32BE(13, 0);
  header.write('IHDR', 4, 'latin1');
  header.writeUInt32BE(width, 8);
  header.writeUInt32BE(height, 12);
  header.set([8, 2, 0, 0, 0], 16);
  header.writeUInt32BE(crc32(header.subarray(4, 21)), 21);
  const end = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), header, end]);
}

async function photograph(): Promise<Buffer> {
  const data = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * 7919) % 256);
  return sharp(data, { raw: { width: 64, height: 48, channels: 3 } })
    .jpeg()
    .toBuffer();
}

async function refused(t: TestContext, bytes: Uint8Array, reason: string | RegExp, maxPixels?: number) {
  const root = folderOf(t, { 'cat.jpg': bytes });
  const images = createImagePreprocessor(raw, { size: [48, 64], layout: 'NCHW', ...(maxPixels && { maxPixels }) });
  const out = new Float32Array(images.length);
  await assert.rejects(
    async () => images.into({ kind: 'image', path: join(root, 'cat.jpg') }, out, 0),
    failure('ERR_DATA', 'cat.jpg', reason),
  );
  assert.ok(
    out.every((value) => value === 0),
    'nothing of a refused image is written',
  );
}

test('a truncated JPEG is refused as truncated', async (t) => {
  const whole = await photograph();
  await refused(t, whole.subarray(0, whole.length >> 1), 'truncated');
});

test('a truncated PNG and a truncated WebP are refused as truncated', async (t) => {
  const noise = sharp(
    Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * i * 31) >> 3),
    { raw: { width: 64, height: 48, channels: 3 } },
  );
  for (const whole of [await noise.clone().png().toBuffer(), await noise.clone().webp().toBuffer()])
    await refused(t, whole.subarray(0, whole.length >> 1), 'truncated');
});

test('a text called .jpg is refused as text', async (t) => {
  await refused(t, Buffer.from('<!doctype html><p>Réservé aux membres'), 'text, not an image');
});

test('a file of 0 bytes is refused as such', async (t) => refused(t, new Uint8Array(0), '0 bytes'));

test('formats that are not decoded are named', async (t) => {
  await refused(t, Buffer.from('GIF89a\x01\0'), 'a GIF');
  await refused(t, Buffer.from([0, 1, 2, 3, 255, 254]), 'unknown format');
});

test('an SVG never reaches a loader', async (t) => {
  await refused(t, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'), 'text, not an image');
});

test('a 20,000 x 20,000 header is refused by the pixel limit', async (t) => {
  await refused(
    t,
    pngHeader(20_000, 20_000),
    '20000 x 20000 = 400,000,000 pixels, more than the limit of 100,000,000 (maxPixels)',
  );
});

test('maxPixels sets the limit', async (t) => {
  await refused(t, await photograph(), '64 x 48 = 3,072 pixels, more than the limit of 3,071', 3071);
});

test('a file that cannot be read is refused with the reason of the system', async (t) => {
  const root = folderOf(t, { 'folder.jpg/x': '' });
  await assert.rejects(
    decodeImage({ kind: 'image', path: join(root, 'gone.jpg') }),
    failure('ERR_DATA', 'ENOENT', 'gone.jpg'),
  );
  await assert.rejects(decodeImage({ kind: 'image', path: join(root, 'folder.jpg') }), failure('ERR_DATA', 'EISDIR'));
});

test('pixels of another length than their shape are refused', async () => {
  await assert.rejects(decodeImage({ ...six, width: 4 }), failure('ERR_DATA', '2 x 4 x 3 = 24 bytes', '18'));
});

test('a text item is refused by an image preprocessor', async () => {
  await assert.rejects(decodeImage({ kind: 'text', text: 'a' }), failure('ERR_DATA', 'a text item'));
});

test('a recipe that cannot end at the size of the network is refused before any image', () => {
  const recipe = parseImageRecipe({ resizeShortestEdge: 256, centerCrop: 224 }, 'preprocess');
  assert.throws(
    () => createImagePreprocessor(recipe, { size: [32, 32], layout: 'NCHW' }),
    failure('ERR_OPTION', '32 x 32', 'centerCrop', '224 x 224'),
  );
});

test('an image that comes out at another size is refused by its sizes', async () => {
  const images = createImagePreprocessor(parseImageRecipe({ resizeShortestEdge: 4 }, 'p'), {
    size: [4, 4],
    layout: 'NCHW',
  });
  // 2 × 3 to shortest edge 4: 4 × 6.
  await assert.rejects(
    async () => images.into(six, new Float32Array(48), 0),
    failure('ERR_DATA', '2 x 3', '4 x 6', 'centerCrop'),
  );
});

test('a batch that is too short is refused', async () => {
  const images = createImagePreprocessor(raw, { size: [2, 3], layout: 'NCHW' });
  await assert.rejects(async () => images.into(six, new Float32Array(20), 3), failure('ERR_SHAPE', '18', '20'));
});

test('unknown keys, modes and filters of a recipe are refused with near names', () => {
  const parse = (value: unknown) => () => parseImageRecipe(value, 'x/backbone.json preprocess');
  assert.throws(
    parse({ resizeShortestEge: 8 }),
    failure('ERR_OPTION', 'x/backbone.json preprocess.resizeShortestEge', 'resizeShortestEdge?'),
  );
  assert.throws(parse({ resizeShortestEdge: 8, filter: 'bicubik' }), failure('ERR_OPTION', 'Did you mean bicubic?'));
  assert.throws(parse({ mode: 'RBG' }), failure('ERR_OPTION', 'RBG', 'Known modes: RGB, BGR, L'));
  assert.throws(parse({ filter: 'bicubic' }), failure('ERR_OPTION', 'Nothing is resized'));
  assert.throws(parse({ resize: [4, 4], resizeShortestEdge: 8 }), failure('ERR_OPTION', 'Remove one'));
  assert.throws(parse({ mean: [0, NaN, 0] }), failure('ERR_OPTION', 'mean'));
  assert.throws(parse({ mode: 'L', std: [1, 1, 1] }), failure('ERR_OPTION', 'array of 1'));
  assert.throws(parse({ std: [1, 0, 1] }), failure('ERR_OPTION', 'std'));
  assert.throws(parse({ centerCrop: 1.5 }), failure('ERR_OPTION', 'centerCrop'));
  assert.throws(parse('RGB'), failure('ERR_OPTION', 'an object'));
});
