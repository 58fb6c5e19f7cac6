/** The small models of test/fixtures, and embedding with them. */

import { fileURLToPath } from 'node:url';
import type { Backbone, Tensor } from '../../../src/backbone/index.js';
import type { ItemContent } from '../../../src/core/item.js';

// Whatever backbones the user of this machine has fetched are no matter of the tests.
process.env['EQUIPOISE_MODELS'] = fileURLToPath(new URL('./no-models', import.meta.url));

export const modelsDir = fileURLToPath(new URL('../../../../test/fixtures/models/', import.meta.url));

/** A 16 x 16 image whose pixels depend on `seed`. */
export function image(seed: number): ItemContent {
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * (seed + 3) + ((i * i) >> 3) * seed) % 256);
  return { kind: 'pixels', data, width: 16, height: 16, channels: 3 };
}

export const text = (words: string): ItemContent => ({ kind: 'text', text: words });

/** One vector an item, in batches of `size`; all in one without it. */
export async function embedAll(
  backbone: Backbone,
  contents: readonly ItemContent[],
  size = contents.length,
): Promise<number[][]> {
  await using session = await backbone.openSession({ threads: 1 });
  const vectors: number[][] = [];
  for (let at = 0; at < contents.length; at += size) {
    const { inputs, count } = await backbone.preprocessor().batch(contents.slice(at, at + size));
    const rows = await session.run({ inputs, count });
    for (let r = 0; r < count; r++) vectors.push([...rows.subarray(r * backbone.dim, (r + 1) * backbone.dim)]);
  }
  return vectors;
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) : Infinity;
}

/** The numbers of a tensor that must be there. */
export function numbers(tensor: Tensor | undefined): number[] {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('Expected a float32 tensor');
  return [...tensor.data];
}
