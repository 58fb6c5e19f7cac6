/** Images small enough to be written into a page. */

import sharp from 'sharp';
import type { ItemContent } from '../core/item.js';
import { decodeImage } from './decode.js';

/**
 * The whole image within a square of `size` pixels, as a `data:` URI; never enlarged.
 * @throws ERR_DATA as `decodeImage`.
 */
export async function thumbnail(content: ItemContent, size = 64): Promise<string> {
  const { data, width, height, channels } = await decodeImage(content);
  const small = await sharp(data, { raw: { width, height, channels } })
    .resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 70 })
    .toBuffer();
  return `data:image/webp;base64,${small.toString('base64')}`;
}
