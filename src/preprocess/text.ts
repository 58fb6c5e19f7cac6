/** Text → token ids, by the tokenizer that a backbone was trained with. */

import { EquipoiseError, expected, nearNames } from '../core/errors.js';
import { checkKeys } from './image-recipe.js';
import { createTokenizer, type TemplatePart } from './tokenizer.js';

/** The `tokenizer` block of a backbone.json. Paths are relative to its folder. */
export interface TokenizerSpec {
  /** A `tokenizer.json`. */
  readonly file: string;
  /** Whether the tokenizer's own template ([CLS] … [SEP]) is put around the text; default true. */
  readonly addSpecialTokens: boolean;
  /** Most ids a text may have, special ones included; default 512. */
  readonly maxLength: number;
  /** Tokens to leave out, by name: static embeddings drop [UNK]. */
  readonly dropTokens: readonly string[];
  /** Put before every text: `query: `. */
  readonly prefix?: string;
  /** Whether the text is put in lower case before the tokenizer sees it. */
  readonly lowercase?: boolean;
  /** The id that fills up shorter texts of a batch; default 0. */
  readonly padId?: number;
  /** On which side a batch is filled up; default right. */
  readonly padSide?: Side;
  /** Which end of a long text is cut off; default right. */
  readonly truncateSide?: Side;
}

export type Side = 'left' | 'right';

/** How two texts share the room there is: by turns from the longer one, or the first alone gives way. */
export type PairTruncation = 'longest_first' | 'only_first';

export interface TokenPair {
  readonly ids: number[];
  /** Of which text each id is, as the template says. */
  readonly types: number[];
}

export interface TextPreprocessor {
  /** @throws ERR_DATA when no token is left, or for a text of more than a million characters. */
  encode(text: string): number[];
  /** Two texts as one input. @throws ERR_DATA as `encode`, and when cutting the first alone does not make room. */
  pair(first: string, second: string, truncation?: PairTruncation): TokenPair;
}

const keys = [
  'file',
  'addSpecialTokens',
  'maxLength',
  'dropTokens',
  'prefix',
  'lowercase',
  'padId',
  'padSide',
  'truncateSide',
];

/** @throws ERR_OPTION for an unknown key or a value out of range. */
export function parseTokenizerSpec(value: unknown, where: string): TokenizerSpec {
  const given = checkKeys(value, keys, where);
  const { file, addSpecialTokens = true, maxLength = 512, dropTokens = [] } = given;
  const { prefix, lowercase, padId, padSide, truncateSide } = given;
  if (typeof file !== 'string' || file === '') throw expected('the path of a tokenizer.json', `${where}.file`, file);
  if (typeof addSpecialTokens !== 'boolean')
    throw expected('true or false', `${where}.addSpecialTokens`, addSpecialTokens);
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 1)
    throw expected('integer >= 1', `${where}.maxLength`, maxLength);
  if (!Array.isArray(dropTokens) || !dropTokens.every((token) => typeof token === 'string'))
    throw expected('an array of token names', `${where}.dropTokens`, dropTokens);
  if (prefix !== undefined && typeof prefix !== 'string') throw expected('text', `${where}.prefix`, prefix);
  if (lowercase !== undefined && typeof lowercase !== 'boolean')
    throw expected('true or false', `${where}.lowercase`, lowercase);
  if (padId !== undefined && !(Number.isSafeInteger(padId) && (padId as number) >= 0))
    throw expected('integer >= 0', `${where}.padId`, padId);
  for (const [name, side] of Object.entries({ padSide, truncateSide }))
    if (side !== undefined && side !== 'left' && side !== 'right')
      throw expected('left or right', `${where}.${name}`, side);
  return {
    file,
    addSpecialTokens,
    maxLength: maxLength as number,
    dropTokens: [...(dropTokens as string[])],
    ...(prefix !== undefined && { prefix }),
    ...(lowercase !== undefined && { lowercase }),
    ...(padId !== undefined && { padId: padId as number }),
    ...(padSide !== undefined && { padSide: padSide as Side }),
    ...(truncateSide !== undefined && { truncateSide: truncateSide as Side }),
  };
}

/** What is left of two texts of `first` and `second` tokens in `room`, as the tokenizers library shares it out. */
function share(first: number, second: number, room: number): [first: number, second: number] {
  if (first + second <= room) return [first, second];
  let [short, long] = first <= second ? [first, second] : [second, first];
  long = short > room ? short : Math.max(short, room - short);
  if (short + long > room) {
    short = Math.floor(room / 2);
    long = short + (room % 2);
  }
  return first <= second ? [short, long] : [long, short];
}

/**
 * Makes the function that turns texts into ids. Dropped tokens go first, then the text is cut to `maxLength`;
 * special tokens are never cut off.
 *
 * @param tokenizerJson the parsed `tokenizer.json`.
 * @throws ERR_OPTION when the tokenizer cannot be built from it, or has no such token to drop.
 *
 * @example
 * const texts = createTextPreprocessor(spec, JSON.parse(await readFile(spec.file, 'utf8')));
 * const { ids, mask, width } = padBatch(['a cat', 'two dogs'].map((text) => texts.encode(text)));
 */
export function createTextPreprocessor(spec: TokenizerSpec, tokenizerJson: object): TextPreprocessor {
  const tokenizer = createTokenizer(tokenizerJson, spec.file);
  const drop = new Set<number>();
  for (const token of spec.dropTokens) {
    const id = tokenizer.idOf(token);
    if (id === undefined) {
      const near = nearNames(token, tokenizer.addedTokens);
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
      throw new EquipoiseError(
        'ERR_OPTION',
        `Unknown token ${JSON.stringify(token)} in dropTokens of ${spec.file}.${hint}`,
      );
    }
    drop.add(id);
  }
  const template = (pair: boolean) => tokenizer.template(pair).filter(({ id }) => id === null || spec.addSpecialTokens);
  const single = template(false);
  const room = (parts: readonly TemplatePart[]) => {
    const special = parts.filter(({ id }) => id !== null).length;
    if (special >= spec.maxLength)
      throw expected(`more than ${special}, the number of special tokens,`, 'tokenizer.maxLength', spec.maxLength);
    return spec.maxLength - special;
  };
  const singleRoom = room(single);
  const words = (text: string): number[] => {
    const ids = tokenizer.ids(`${spec.prefix ?? ''}${spec.lowercase ? text.toLowerCase() : text}`);
    const kept = drop.size === 0 ? ids : ids.filter((id) => !drop.has(id));
    if (kept.length === 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected text with at least one known token but received ${JSON.stringify(text.slice(0, 60))}, of which the tokenizer keeps nothing`,
      );
    return kept;
  };
  const cut = (ids: number[], length: number) =>
    ids.length <= length ? ids : spec.truncateSide === 'left' ? ids.slice(-length) : ids.slice(0, length);
  return {
    encode(text) {
      const ids = cut(words(text), singleRoom);
      return single.flatMap(({ id }) => id ?? ids);
    },
    pair(first, second, truncation = 'longest_first') {
      const parts = template(true);
      const [a, b] = [words(first), words(second)];
      const space = room(parts);
      const [fromA, fromB] =
        truncation === 'longest_first'
          ? share(a.length, b.length, space)
          : [Math.min(a.length, space - b.length), b.length];
      if (fromA < 1)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected room for two texts in ${spec.maxLength} tokens but the second alone has ${b.length}`,
        );
      const cuts = [cut(a, fromA), fromB === 0 ? [] : cut(b, fromB)] as const;
      const ids: number[] = [];
      const types: number[] = [];
      for (const { id, of, type } of parts) {
        const piece = id === null ? cuts[of] : [id];
        ids.push(...piece);
        types.push(...piece.map(() => type));
      }
      return { ids, types };
    },
  };
}

export interface TokenBatch {
  /** (rows, width) token ids; shorter rows are filled up with `padId`. */
  readonly ids: BigInt64Array;
  /** (rows, width): 1 for a token, 0 for padding. */
  readonly mask: BigInt64Array;
  readonly width: number;
}

/** Texts of different length side by side, filled up to the longest, or to `width`. */
export function padBatch(
  rows: readonly ArrayLike<number>[],
  { padId = 0, padSide = 'right', width: wanted }: { padId?: number; padSide?: Side; width?: number } = {},
): TokenBatch {
  const width = wanted ?? rows.reduce((longest, row) => Math.max(longest, row.length), 0);
  const ids = new BigInt64Array(rows.length * width).fill(BigInt(padId));
  const mask = new BigInt64Array(rows.length * width);
  rows.forEach((row, r) => {
    const start = r * width + (padSide === 'left' ? width - row.length : 0);
    for (let i = 0; i < row.length; i++) {
      ids[start + i] = BigInt(row[i] as number);
      mask[start + i] = 1n;
    }
  });
  return { ids, mask, width };
}
