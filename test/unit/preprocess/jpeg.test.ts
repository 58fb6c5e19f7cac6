/**
 * JPEG files that the kernels decode where they can: whatever comes out must be what sharp gives, pixels and refusals. The tests
 * of whole images hold with and without a decoder in the kernels.
 */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import type { ItemContent } from '../../../src/core/item.js';
import { createRng } from '../../../src/core/rng.js';
import { kernelReport, loadKernels, type Kernels } from '../../../src/kernels/index.js';
import { decodeWithSharp } from '../../../src/preprocess/decode.js';
import {
  createImagePreprocessor,
  decodeImage,
  parseImageRecipe,
  type ImageRecipe,
  type Pixels,
} from '../../../src/preprocess/index.js';
import { isCmyk, plainJpegHeader } from '../../../src/preprocess/jpeg-header.js';
import { tapsOf } from '../../../src/preprocess/resize.js';
import { folderOf } from '../dataset/temp-folder.js';

const folder = new URL('../../../../test/fixtures/jpegs/', import.meta.url);
const fixtures = new Map(readdirSync(folder).map((name) => [name.slice(0, -4), readFileSync(new URL(name, folder))]));
const fixture = (name: string) => fixtures.get(name) as Buffer;

const noise = (width: number, height: number) => {
  const draws = createRng(3, `${width} ${height}`).at(0);
  const data = Uint8Array.from({ length: 3 * width * height }, () => draws.below(256));
  return sharp(data, { raw: { width, height, channels: 3 } });
};

const bySharp = (bytes: Uint8Array, maxPixels = 1e8) =>
  decodeWithSharp({ bytes, where: 'memory', jpeg: undefined, maxPixels });

/** The pixels, or why there are none. */
const outcome = (decoding: Promise<Pixels>) =>
  decoding.then(
    ({ data, width, height, channels }) => ({ data: Buffer.from(data), width, height, channels }),
    (error: Error) => error.message,
  );

async function sameAsSharp(bytes: Uint8Array, what: string) {
  // One after the other: libvips mixes up the words of errors that come at the same time.
  const ours = await outcome(decodeImage({ kind: 'encoded-image', bytes }));
  assert.deepEqual(ours, await outcome(bySharp(bytes)), what);
}

/** One channel of three equal ones. */
const greyOf = ({ data, ...shape }: Pixels): Pixels => ({
  ...shape,
  data: data.filter((_, i) => i % 3 === 0),
  channels: 1,
});

const { library } = loadKernels().jpeg ?? {};
const needsDecoder = { skip: library === undefined && 'no JPEG decoder was compiled into the kernels' };
const { isas } = kernelReport();
const decoders = (needsDecoder.skip ? [] : isas).map((isa) => loadKernels({ isa: isa as 'baseline' }));
const decoderOf = (kernels: Kernels) => kernels.jpeg as NonNullable<Kernels['jpeg']>;

test('a decoder that was compiled in is in the report, else sharp is', () => {
  assert.equal(kernelReport().jpeg, library ?? 'sharp');
  assert.equal(kernelReport({ backend: 'wasm' }).jpeg, 'sharp');
});

test('the header tells size and channels of every plain kind', () => {
  for (const [name, bytes] of fixtures) {
    const wanted =
      name === 'arithmetic' ? undefined : { width: 61, height: 45, channels: name.includes('grey') ? 1 : 3 };
    assert.deepEqual(plainJpegHeader(bytes), wanted, name);
  }
  assert.equal(fixtures.size, 20);
});

test('what EXIF turns, has four inks or is cut before the first scan is not plain', async () => {
  const oriented = (orientation: number) => noise(8, 6).jpeg().withMetadata({ orientation }).toBuffer();
  assert.deepEqual(plainJpegHeader(await oriented(1)), { width: 8, height: 6, channels: 3 });
  for (let orientation = 2; orientation <= 8; orientation++)
    assert.equal(plainJpegHeader(await oriented(orientation)), undefined);
  const cmyk = await noise(8, 6).toColourspace('cmyk').jpeg().toBuffer();
  assert.deepEqual([plainJpegHeader(cmyk), isCmyk(cmyk), isCmyk(fixture('420'))], [undefined, true, false]);
  assert.equal(plainJpegHeader(await noise(8, 6).png().toBuffer()), undefined);
  const bytes = fixture('420');
  const scan = bytes.indexOf(Buffer.of(0xff, 0xda));
  for (let length = 0; length < scan; length++) assert.equal(plainJpegHeader(bytes.subarray(0, length)), undefined);
});

test('a directory of EXIF that leaves the turn open is not plain', async () => {
  const bytes = await noise(8, 6).jpeg().withMetadata({ orientation: 1 }).toBuffer();
  const exif = bytes.indexOf('Exif\0\0', 0, 'latin1') + 6;
  for (const [at, value] of [
    [0, 0x58], // neither II nor MM
    [4, 0xff], // the directory begins behind the end
  ] as const) {
    const broken = Buffer.from(bytes);
    broken.fill(value, exif + at, exif + at + 2);
    assert.equal(plainJpegHeader(broken), undefined);
    await sameAsSharp(broken, `EXIF broken at ${at}`);
  }
});

test(
  'decoded pixels are those of sharp for every subsampling, progressive, grey and with restarts',
  needsDecoder,
  async () => {
    for (const [name, bytes] of fixtures) {
      const header = plainJpegHeader(bytes);
      if (!header) continue;
      const wanted = await bySharp(bytes);
      for (const kernels of decoders) {
        const pixels: Uint8Array = new Uint8Array(61 * 45 * header.channels);
        assert.equal(await decoderOf(kernels).decode({ ...header, bytes, pixels }), true, name);
        assert.deepEqual(
          Buffer.from(pixels),
          Buffer.from((header.channels === 1 ? greyOf(wanted) : wanted).data),
          name,
        );
      }
    }
  },
);

test('decoded pixels are those of sharp at sizes around those of the blocks', needsDecoder, async () => {
  const [kernels] = decoders as [Kernels];
  for (const width of [1, 2, 7, 8, 9, 15, 16, 17, 33])
    for (const height of [1, 8, 15, 16, 17, 18, 31])
      for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
        const bytes = await noise(width, height).jpeg({ chromaSubsampling }).toBuffer();
        const pixels = new Uint8Array(3 * width * height);
        assert.equal(await decoderOf(kernels).decode({ width, height, channels: 3, bytes, pixels }), true);
        assert.deepEqual(Buffer.from(pixels), Buffer.from((await bySharp(bytes)).data), `${width} x ${height}`);
      }
});

test('resampling a file gives the bytes of resampling its pixels', needsDecoder, async () => {
  const reference = loadKernels({ backend: 'reference' });
  for (const name of ['420', '444', 'progressive-422', 'grey'])
    for (const [rows, columns, top, left] of [
      [45, 61, 0, 0],
      [20, 30, 0, 0],
      [9, 11, 17, 23],
      [90, 70, 5, 0],
    ] as const) {
      const bytes = fixture(name);
      const header = plainJpegHeader(bytes) as NonNullable<ReturnType<typeof plainJpegHeader>>;
      const decoded = await bySharp(bytes);
      const { channels } = header;
      const shared = {
        ...header,
        across: tapsOf('bilinear', 61, columns + left, left, columns),
        down: tapsOf('bilinear', 45, rows + top, top, rows),
        values: Float32Array.from({ length: channels * 256 }, (_, i) => Math.sqrt(i)),
        order: Int32Array.from({ length: channels }, (_, c) => channels - 1 - c),
        start: 1,
        rowStep: columns,
        pixelStep: 1,
        channelStep: rows * columns,
      };
      const wanted = new Float32Array(channels * rows * columns + 2).fill(-1);
      await reference.resample({ ...shared, pixels: (channels === 1 ? greyOf(decoded) : decoded).data, out: wanted });
      for (const kernels of decoders) {
        const out = new Float32Array(wanted.length).fill(-1);
        assert.equal(await decoderOf(kernels).resample({ ...shared, bytes, out }), true);
        assert.deepEqual(out, wanted, `${name} to ${rows} x ${columns}, ${kernels.isa}`);
      }
    }
});

test('a file of another size or number of channels than was said is not decoded', needsDecoder, async () => {
  const bytes = fixture('420');
  const [kernels] = decoders as [Kernels];
  for (const [width, height, channels] of [
    [60, 45, 3],
    [61, 46, 3],
    [61, 45, 1],
  ] as const) {
    const pixels: Uint8Array = new Uint8Array(width * height * channels);
    assert.equal(await decoderOf(kernels).decode({ width, height, channels, bytes, pixels }), false);
  }
  await assert.rejects(
    decoderOf(kernels).decode({ width: 61, height: 45, channels: 3, bytes, pixels: new Uint8Array(100) }),
    /pixels has 100 entries but 45 x 61 x 3 needs 8235/,
  );
});

const recipes: readonly [recipe: ImageRecipe, size: [number, number]][] = [
  [{ resize: [24, 20], filter: 'bilinear', mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] }, [24, 20]],
  [{ mode: 'BGR', resizeShortestEdge: 32, filter: 'bicubic', centerCrop: 28 }, [28, 28]],
  [{ mode: 'L', resize: [17, 33], filter: 'lanczos' }, [17, 33]],
  [{ centerCrop: [64, 40] }, [64, 40]],
].map(([recipe, size]) => [parseImageRecipe(recipe, 'preprocess'), size as [number, number]]);

test('a network gets the numbers that the pixels of sharp give', async (t) => {
  const root = folderOf(t, Object.fromEntries([...fixtures].map(([name, bytes]) => [`${name}.jpg`, bytes])));
  for (const [recipe, size] of recipes)
    for (const [layout, blocking] of [
      ['NCHW', false],
      ['NHWC', false],
      ['NCHW', true],
    ] as const) {
      const images = createImagePreprocessor(recipe, { size, layout, blocking });
      const rows = [...fixtures.keys()];
      // All at once, from files: what is read into memory that is used again must not mix.
      const batch = new Float32Array(rows.length * images.length);
      await Promise.all(
        rows.map((name, i) =>
          images.into({ kind: 'image', path: join(root, `${name}.jpg`) }, batch, i * images.length),
        ),
      );
      for (const [i, name] of rows.entries()) {
        const wanted = new Float32Array(images.length);
        await images.into({ kind: 'pixels', ...(await bySharp(fixture(name))) }, wanted, 0);
        assert.deepEqual(batch.subarray(i * images.length, (i + 1) * images.length), wanted, `${name} ${layout}`);
      }
    }
});

test(
  'a thread that may block prepares what the kernels decode at once, and only waits for sharp',
  needsDecoder,
  async () => {
    const [[recipe, size]] = recipes as [(typeof recipes)[number]];
    const images = createImagePreprocessor(recipe, { size, layout: 'NCHW', blocking: true });
    const [out, other] = [new Float32Array(images.length), new Float32Array(images.length)];
    const bytes = fixture('420');
    assert.equal(images.into({ kind: 'encoded-image', bytes }, out, 0), undefined);
    const png = await sharp(bytes).png().toBuffer();
    const later = images.into({ kind: 'encoded-image', bytes: png }, other, 0);
    assert.ok(later instanceof Promise);
    await later;
    assert.deepEqual(out, other);
    const text = { kind: 'encoded-image', bytes: Buffer.from('a text') } as const;
    assert.throws(() => images.into(text, out, 0), { code: 'ERR_DATA', message: /a text|text, not an image/ });
  },
);

test('an image is read whole, whatever was read into the memory before', async (t) => {
  // Noise of 500 x 400 in the best quality is more than the 256 KiB that are taken at first.
  const large = await noise(500, 400).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
  assert.ok(large.length > 2 ** 18);
  const small = fixture('420');
  const root = folderOf(t, { 'large.jpg': large, 'small.jpg': small });
  for (const name of ['small', 'large', 'small', 'large'])
    assert.deepEqual(
      await outcome(decodeImage({ kind: 'image', path: join(root, `${name}.jpg`) })),
      await outcome(bySharp(name === 'small' ? small : large)),
    );
});

test('a file cut anywhere has the outcome that it has with sharp', async () => {
  for (const name of ['420', 'progressive-420', 'restarts-422', 'grey'])
    for (let length = 200; length < fixture(name).length; length += 53)
      await sameAsSharp(fixture(name).subarray(0, length), `${name} cut at ${length}`);
});

test('a file with a wrong byte anywhere has the outcome that it has with sharp', async () => {
  const draws = createRng(5, 'wrong bytes').at(0);
  for (const name of ['420', 'progressive-444', 'restarts-420', 'scans-420'])
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(fixture(name));
      const at = 2 + draws.below(bytes.length - 2);
      bytes[at] = draws.below(256);
      await sameAsSharp(bytes, `${name}, byte ${at} is ${bytes[at]}`);
    }
});

test('a file that is damaged where nothing is read has the outcome that it has with sharp', async () => {
  const recipe = parseImageRecipe({ resizeShortestEdge: 48, centerCrop: 4, filter: 'bilinear' }, 'preprocess');
  const images = createImagePreprocessor(recipe, { size: [4, 4], layout: 'NCHW', blocking: true });
  const prepared = async (content: ItemContent | Promise<ItemContent>) => {
    const out = new Float32Array(images.length);
    await images.into(await content, out, 0);
    return out;
  };
  const outcomeOf = (content: ItemContent | Promise<ItemContent>) =>
    prepared(content).catch((error: Error) => error.message);
  const draws = createRng(6, 'wrong bytes').at(0);
  const seen = { refused: 0, prepared: 0 };
  for (const name of ['420', '444', 'progressive-420', 'restarts-420', 'scans-420', 'grey']) {
    const whole = fixture(name);
    // Lines 20 to 26 of 45 are read, for which two rows of blocks of three are decoded at most.
    const late = () => whole.length - 2 - draws.below(Math.floor(whole.length / 3));
    const damaged: Buffer[] = [whole, whole.subarray(0, -2)];
    for (let i = 0; i < 30; i++) {
      damaged.push(whole.subarray(0, late()), Buffer.concat([whole.subarray(0, late()), Buffer.of(0xff, 0xd9)]));
      const wrong = Buffer.from(whole);
      wrong[late()] = draws.below(4) === 0 ? 0xff : draws.below(256);
      damaged.push(wrong);
    }
    for (const [i, bytes] of damaged.entries()) {
      const ours = await outcomeOf({ kind: 'encoded-image', bytes });
      assert.deepEqual(
        ours,
        await outcomeOf(bySharp(bytes).then((pixels) => ({ kind: 'pixels', ...pixels }))),
        `${name}, ${i}`,
      );
      seen[typeof ours === 'string' ? 'refused' : 'prepared']++;
    }
  }
  assert.ok(seen.refused > 100 && seen.prepared > 100, JSON.stringify(seen));
});

test('bytes behind the end and a missing end have the outcome that they have with sharp', async () => {
  const bytes = fixture('420');
  await sameAsSharp(Buffer.concat([bytes, Buffer.from('rest')]), 'bytes behind the end');
  await sameAsSharp(bytes.subarray(0, -2), 'no end');
});

/** Where the scans of a file begin, and where the last one ends. */
function scansOf(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(Buffer.of(0xff, 0xda)); at >= 0; at = bytes.indexOf(Buffer.of(0xff, 0xda), at + 2))
    starts.push(at);
  return [...starts, bytes.length - 2];
}

test('a progressive file that ends before its last scan has the outcome that it has with sharp', async () => {
  const bytes = fixture('progressive-420');
  const starts = scansOf(bytes);
  assert.ok(starts.length > 5);
  for (const end of starts.slice(1, -1)) {
    // Tables of the next scan may come before it; they do no harm.
    const cut = Buffer.concat([bytes.subarray(0, end), Buffer.of(0xff, 0xd9)]);
    await sameAsSharp(cut, `ends at ${end}`);
    for (const kernels of decoders) {
      const pixels = new Uint8Array(61 * 45 * 3);
      const decoded = decoderOf(kernels).decode({ bytes: cut, width: 61, height: 45, channels: 3, pixels });
      assert.equal(await decoded, false);
    }
  }
});

test('a file of more than a hundred scans is left to sharp', async () => {
  const bytes = fixture('scans-420');
  const [first = 0, second = 0] = scansOf(bytes);
  const scan = bytes.subarray(first, second);
  for (const [times, plain] of [
    [90, true],
    [200, false],
  ] as const) {
    const long = Buffer.concat([
      bytes.subarray(0, first),
      ...Array.from({ length: times }, () => scan),
      bytes.subarray(first),
    ]);
    await sameAsSharp(long, `${times} scans`);
    for (const kernels of decoders) {
      const pixels = new Uint8Array(61 * 45 * 3);
      const decoded = decoderOf(kernels).decode({ bytes: long, width: 61, height: 45, channels: 3, pixels });
      assert.equal(await decoded, plain, `${times} scans`);
    }
  }
});

test('nothing is written of a file that turns out to be broken', needsDecoder, async () => {
  const bytes = fixture('420').subarray(0, 1400);
  const header = plainJpegHeader(bytes) as NonNullable<ReturnType<typeof plainJpegHeader>>;
  const out = new Float32Array(3 * 8 * 8);
  for (const kernels of decoders) {
    const resampled = decoderOf(kernels).resample({
      ...header,
      bytes,
      across: tapsOf('bilinear', 61, 8, 0, 8),
      down: tapsOf('bilinear', 45, 8, 0, 8),
      values: new Float32Array(3 * 256).fill(1),
      order: Int32Array.of(0, 1, 2),
      out,
      start: 0,
      rowStep: 8,
      pixelStep: 1,
      channelStep: 64,
    });
    assert.equal(await resampled, false);
  }
  assert.ok(out.every((value) => value === 0));
});
