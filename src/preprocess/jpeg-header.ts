/** What the first segments of a JPEG say, before anything is decoded. */

interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
}

const APP1 = 0xe1;
const START_OF_SCAN = 0xda;

/** The segments up to the first scan, or to whatever is none. */
function* segments(bytes: Uint8Array): Generator<Segment, void, undefined> {
  for (let at = 2; at + 3 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + uint16(bytes, at + 2);
    yield { marker, body: bytes.subarray(at + 4, end) };
    at = end;
  }
}

const uint16 = (bytes: Uint8Array, at: number) => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Of the markers C0 … CF, three mean something else. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Whether a JPEG has four inks in place of three colours. */
export function isCmyk(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff) return false;
  for (const { marker, body } of segments(bytes)) if (isFrame(marker)) return body[5] === 4;
  return false;
}

const EXIF = Buffer.from('Exif\0\0', 'latin1');
const ORIENTATION = 0x0112;

/** Whether EXIF data say that the image is to be turned, or leave that open. */
function mayBeTurned(exif: Uint8Array): boolean {
  const tiff = Buffer.from(exif.buffer, exif.byteOffset, exif.length);
  if (tiff.length < 8) return true;
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return true;
  const little = order === 'II';
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const long = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = long(4);
  if (directory + 2 > tiff.length) return true;
  const entries = short(directory);
  if (directory + 2 + 12 * entries > tiff.length) return true;
  for (let i = 0, at = directory + 2; i < entries; i++, at += 12)
    if (short(at) === ORIENTATION && !(short(at + 2) === 3 && long(at + 4) === 1 && short(at + 8) === 1)) return true;
  return false;
}

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * The size of a JPEG whose pixels are shown as they are coded: 8 bits of grey or three colours, in sequence or progressive,
 * not turned by EXIF. Undefined for any other, and for what is no JPEG.
 */
export function plainJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  let header: JpegHeader | undefined;
  for (const { marker, body } of segments(bytes)) {
    if (marker === START_OF_SCAN) return header;
    if (marker === APP1 && EXIF.compare(body, 0, EXIF.length) === 0 && mayBeTurned(body.subarray(EXIF.length)))
      return undefined;
    if (!isFrame(marker)) continue;
    // Baseline, extended and progressive, all Huffman-coded; a second frame makes no sense.
    if (marker > 0xc2 || header !== undefined || body[0] !== 8) return undefined;
    const [height, width, channels] = [uint16(body, 1), uint16(body, 3), body[5]];
    if (!height || !width || (channels !== 1 && channels !== 3)) return undefined;
    header = { width, height, channels };
  }
  return undefined;
}
