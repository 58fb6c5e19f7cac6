/**
 * The `precompiled_charsmap` of SentencePiece, which replaces characters (and clusters of them) before a text is split: a
 * double-array trie over UTF-8 bytes, behind it the replacements, each ended by a zero byte.
 */

import { EquipoiseError } from '../core/errors.js';

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** Clusters of this many bytes or more are looked up character by character. */
const CLUSTER_BYTES = 6;

/**
 * Reads the map from its base64 form.
 * @throws ERR_OPTION when it is malformed.
 */
export function readCharsMap(base64: unknown): (text: string) => string {
  const bytes = Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
  const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  if (size === 0 || size % 4 !== 0 || 4 + size > bytes.length)
    throw new EquipoiseError('ERR_OPTION', 'The precompiled_charsmap of the tokenizer.json is malformed or empty');
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + size);

  const offset = (unit: number) => (unit >>> 10) << ((unit & 512) >>> 6);
  /** Where the replacement of the shortest key that begins `key` is. */
  const find = (key: Uint8Array): number | undefined => {
    let at = offset(units[0] as number);
    for (const byte of key) {
      at ^= byte;
      const unit = units[at];
      if (byte === 0 || unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
      at ^= offset(unit);
      if ((unit >>> 8) & 1) return (units[at] ?? 0) & 0x7fffffff;
    }
    return undefined;
  };
  const replacement = (text: string): string | undefined => {
    const from = find(utf8.encode(text));
    if (from === undefined || from > replacements.length) return undefined;
    const end = replacements.indexOf(0, from);
    return decoder.decode(replacements.subarray(from, end < 0 ? undefined : end));
  };

  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const known = new Map<string, string>();
  const convert = (cluster: string): string => {
    const whole = utf8.encode(cluster).length < CLUSTER_BYTES ? replacement(cluster) : undefined;
    return whole ?? Array.from(cluster, (c) => replacement(c) ?? c).join('');
  };
  return (text) => {
    let result = '';
    for (const { segment } of clusters.segment(text)) {
      let converted = known.get(segment);
      if (converted === undefined) {
        converted = convert(segment);
        // Texts of one language have few clusters; a stranger's text must not fill the memory.
        if (known.size < 10_000) known.set(segment, converted);
      }
      result += converted;
    }
    return result;
  };
}
