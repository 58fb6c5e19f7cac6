/** Files, bytes or pixels of an image → 8-bit pixels. What is decoded, and what is refused, is decided here. */

import { isUtf8 } from 'node:buffer';
import type { Awaitable } from '../core/awaitable.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import { loadKernels } from '../kernels/index.js';
import { isCmyk, plainJpegHeader, type JpegHeader } from './jpeg-header.js';
import { loadSharp } from './load-sharp.js';
import { withFile } from './read-file.js';
import type { Pixels } from './resize.js';

/** 100 million pixels: 300 MB decoded. */
export const DEFAULT_MAX_PIXELS = 100_000_000;

const others: readonly [name: string, offset: number, magic: string][] = [
  ['a GIF', 0, 'GIF8'],
  ['a BMP', 0, 'BM'],
  ['a TIFF', 0, 'II*\0'],
  ['a TIFF', 0, 'MM\0*'],
  ['a HEIF or AVIF', 4, 'ftyp'],
  ['a JPEG XL', 0, '\xff\x0a'],
  ['a PDF', 0, '%PDF'],
];

/** What the bytes are if they are none of the three formats that are decoded, or undefined. */
function notAnImage(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return '0 bytes';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('latin1');
  if (head.startsWith('\xff\xd8\xff') || head.startsWith('\x89PNG\r\n\x1a\n')) return undefined;
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return undefined;
  for (const [name, offset, magic] of others) if (head.startsWith(magic, offset)) return name;
  // Cut at the last line or space, so that no character of several bytes is halved.
  const whole = bytes.length <= 4096 ? head.length : Math.max(head.lastIndexOf('\n'), head.lastIndexOf(' '));
  const text = whole > 0 && !head.includes('\0') && isUtf8(bytes.subarray(0, whole));
  return text ? 'text, not an image' : 'bytes of an unknown format, not an image';
}

const isPng = (bytes: Buffer) => bytes[0] === 0x89;
const isWebp = (bytes: Buffer) => bytes[0] === 0x52;

/** Whether the end that the format prescribes is missing. */
function isCut(bytes: Buffer): boolean {
  if (isPng(bytes)) return !bytes.includes('IEND', -12, 'latin1');
  if (isWebp(bytes)) return bytes.length < bytes.readUInt32LE(4) + 8;
  return !bytes.includes(Buffer.of(0xff, 0xd9), -1024);
}

/** Pillow's `convert('RGB')`: each colour is what its ink and black leave over, without any profile. */
function fromInks(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let i = 0, o = 0; i < inks.length; i += 4) {
    const left = 255 - (inks[i + 3] as number);
    for (let c = 0; c < 3; c++) {
      const product = (inks[i + c] as number) * left + 128;
      rgb[o++] = Math.max(0, left - ((product + (product >> 8)) >> 8));
    }
  }
  return rgb;
}

/** The size in the header; a PNG's is read here, because libvips wants to see pixels behind it first. */
async function declaredSize(bytes: Buffer): Promise<{ width: number; height: number }> {
  if (isPng(bytes) && bytes.length >= 24) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  const sharp = await loadSharp();
  try {
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch {
    return { width: 0, height: 0 };
  }
}

/** Why an image did not decode, from its bytes where they tell, else in libvips' words. */
async function decodingFailure(error: unknown, content: Uint8Array, maxPixels: number): Promise<string> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const { width, height } = await declaredSize(bytes);
  const count = (value: number) => value.toLocaleString('en-US');
  if (width * height > maxPixels)
    return `${width} x ${height} = ${count(width * height)} pixels, more than the limit of ${count(maxPixels)} (maxPixels)`;
  const words = (error as Error).message.replace(/\s+/g, ' ').trim();
  if (isCut(bytes) || /premature end/i.test(words)) return `a truncated file (${words})`;
  return `an image that cannot be decoded (${words})`;
}

/** The bytes of an image. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** The path, for messages. */
  readonly where: string;
  /** Present where the kernels may be asked first. */
  readonly jpeg: JpegHeader | undefined;
  readonly maxPixels: number;
}

const refusal = (where: string, reason: string, cause?: unknown) =>
  new EquipoiseError('ERR_DATA', `Expected a JPEG, PNG or WebP image in ${where} but received ${reason}`, { cause });

/**
 * Gives the bytes of an image to `use`; they are lost when that is done. Where the calling thread may block and has the file at
 * once, nothing is awaited, and errors are thrown at once too.
 * @throws ERR_DATA for what is no image by its first bytes, or cannot be read.
 */
export function withEncoded<T>(
  content: ItemContent,
  { maxPixels, blocking = false }: { readonly maxPixels: number; readonly blocking?: boolean },
  use: (image: Encoded) => Awaitable<T>,
): Awaitable<T> {
  if (content.kind !== 'image' && content.kind !== 'encoded-image')
    throw new EquipoiseError('ERR_DATA', `Expected an image but received a ${content.kind} item`);
  if (!Number.isSafeInteger(maxPixels) || maxPixels < 1) throw expected('integer >= 1', 'maxPixels', maxPixels);
  const where = content.kind === 'image' ? content.path : 'memory';
  const look = (bytes: Uint8Array) => {
    // Looking at the first bytes keeps every other loader of libvips away from the data, without a process-wide setting.
    const reason = notAnImage(bytes);
    if (reason !== undefined) throw refusal(where, reason);
    const header = plainJpegHeader(bytes);
    const jpeg = header && header.width * header.height <= maxPixels ? header : undefined;
    return use({ bytes, where, jpeg, maxPixels });
  };
  if (content.kind === 'encoded-image') return look(content.bytes);
  return withFile(content.path, look, {
    refuse: (error) => refusal(where, `a file that cannot be read (${error.message})`, error),
    blocking,
  });
}

/**
 * With sharp, which decodes everything and judges what is broken.
 * @throws ERR_DATA with the reason
 */
export async function decodeWithSharp({ bytes, where, maxPixels }: Encoded): Promise<Pixels> {
  const sharp = await loadSharp();
  try {
    const opened = sharp(bytes, {
      failOn: 'truncated',
      limitInputPixels: maxPixels,
      autoOrient: true,
      ignoreIcc: true,
    });
    const inks = isCmyk(bytes);
    // libvips would convert inks by a profile of its own.
    const asked = inks
      ? opened.pipelineColourspace('cmyk').toColourspace('cmyk')
      : opened.removeAlpha().toColourspace('srgb');
    const { data, info } = await asked.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (inks && info.channels === 4)
      return { data: fromInks(data), width: info.width, height: info.height, channels: 3 };
    if (info.channels !== 1 && info.channels !== 3)
      throw new EquipoiseError('ERR_DATA', `${info.channels} channels where 1 or 3 were expected`);
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    throw refusal(where, await decodingFailure(error, bytes, maxPixels), error);
  }
}

/** With the kernels where they can and the file is sound, else with sharp: the same pixels. @throws as `decodeWithSharp` */
export async function decodeEncoded(image: Encoded): Promise<Pixels> {
  const { jpeg: decoder } = loadKernels();
  // Grey comes in three equal channels from sharp.
  if (decoder && image.jpeg?.channels === 3) {
    const data = new Uint8Array(3 * image.jpeg.width * image.jpeg.height);
    if (await decoder.decode({ ...image.jpeg, bytes: image.bytes, pixels: data })) return { ...image.jpeg, data };
  }
  return decodeWithSharp(image);
}

/**
 * Decodes JPEG, PNG or WebP as Pillow's `convert('RGB')` does: EXIF orientation applied, transparency dropped, grey, CMYK
 * and palette turned into RGB, embedded colour profiles ignored. Of 16 bits the upper eight are kept, also where Pillow makes a
 * grey image white.
 *
 * @throws ERR_DATA naming the file and the reason: 0 bytes, text, truncated, unreadable, more than `maxPixels`.
 */
export async function decodeImage(content: ItemContent, maxPixels = DEFAULT_MAX_PIXELS): Promise<Pixels> {
  if (content.kind !== 'pixels') return withEncoded(content, { maxPixels }, decodeEncoded);
  const { data, width, height, channels } = content;
  if (data.length !== width * height * channels || data.length === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected ${height} x ${width} x ${channels} = ${height * width * channels} bytes of pixels but received ${data.length}`,
    );
  return { data, width, height, channels };
}
