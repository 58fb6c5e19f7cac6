import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { imageRecipe } from '../../../src/backbone/hugging-face-image.js';
import { openModelSession } from '../../../src/backbone/index.js';
import { createImagePreprocessor, decodeImage, parseImageRecipe } from '../../../src/preprocess/index.js';
import { modelsDir } from '../../unit/backbone/fixtures.js';

interface Oracle {
  readonly files: Readonly<Record<string, string>>;
  /** RGB after EXIF orientation. */
  readonly pixels: Readonly<Record<string, string>>;
  readonly configs: readonly Record<string, unknown>[];
  /** Float32 in base64: (1, 3, 16, 16), and (1, 5) of the network. */
  readonly cases: readonly { config: number; file: string; tensor: string; scores: string }[];
}

const oracle = JSON.parse(
  readFileSync(new URL('../../../../test/oracle/transformers/images.json', import.meta.url), 'utf8'),
) as Oracle;

const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const floatsOf = (base64: string) => new Float32Array(bytesOf(base64).buffer);
const contentOf = (file: string) => ({ kind: 'encoded-image', bytes: bytesOf(oracle.files[file] as string) }) as const;

/** Pillow clips 16-bit grey at 255, which makes this picture white; here its upper eight bits are kept. */
const deep = 'sixteen-bits.png';

test('16-bit grey keeps its upper eight bits', async () => {
  const { data } = await decodeImage(contentOf(deep));
  assert.deepEqual(data, (await decodeImage(contentOf('grey.png'))).data);
});

for (const file of Object.keys(oracle.files).filter((name) => name !== deep))
  test(`${file} decodes to the pixels of Pillow's load and convert('RGB')`, async () => {
    const { data, channels } = await decodeImage(contentOf(file));
    const rgb =
      channels === 3 ? data : Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.trunc(i / 3)] as number);
    const expected = bytesOf(oracle.pixels[file] as string);
    assert.equal(rgb.length, expected.length);
    const largest = rgb.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] as number))), 0);
    assert.equal(largest, 0);
  });

test('every preprocessor_config.json gives the tensors of its processor, and the network the same scores', async () => {
  await using session = await openModelSession(readFileSync(`${modelsDir}tiny-cnn/model.onnx`), { threads: 1 });
  for (const { config, file, tensor, scores } of oracle.cases) {
    const settings = oracle.configs[config] as Record<string, unknown>;
    const where = `${String(settings['image_processor_type'])} (${config}) of ${file}`;
    const recipe = parseImageRecipe(imageRecipe(settings, 'c').recipe, 'c');
    const images = createImagePreprocessor(recipe, { size: [16, 16], layout: 'NCHW' });
    const out = new Float32Array(images.length);
    await images.into(contentOf(file), out, 0);
    const expected = floatsOf(tensor);
    const worst = out.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
    // Float32 rounding; the numbers go up to 255 where nothing is rescaled.
    assert.ok(worst <= 1e-6 * Math.max(1, ...expected.map(Math.abs)) * 4, `${where}: off by ${worst}`);
    const result = (await session.run({ pixels: { data: out, dims: [1, 3, 16, 16] } }))['scores']?.data as Float32Array;
    const wanted = floatsOf(scores);
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    const cosine = dot(result, wanted) / Math.sqrt(dot(result, result) * dot(wanted, wanted));
    assert.ok(cosine >= 0.999999, `${where}: cosine ${cosine}`);
  }
});
