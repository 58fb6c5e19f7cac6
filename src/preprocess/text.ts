/** Text → token ids, by the tokenizer that a backbone was trained with. */

import { Tokenizer } from '@huggingface/tokenizers';
import { EquipoiseError, expected, nearNames } from '../core/errors.js';
import { checkKeys } from './image-recipe.js';

/** The `tokenizer` block of a backbone.json. Paths are relative to its folder. */
export interface TokenizerSpec {
  /** A `tokenizer.json`. */
  readonly file: string;
  /** A `tokenizer_config.json`. */
  readonly config?: string;
  /** Whether the tokenizer's own template ([CLS] … [SEP]) is put around the text; default true. */
  readonly addSpecialTokens: boolean;
  /** Most ids a text may have, special ones included; default 512. */
  readonly maxLength: number;
  /** Tokens to leave out, by name: static embeddings drop [UNK]. */
  readonly dropTokens: readonly string[];
}

export interface TextPreprocessor {
  /** @throws ERR_DATA when no token is left. */
  encode(text: string): number[];
}

const keys = ['file', 'config', 'addSpecialTokens', 'maxLength', 'dropTokens'];

/** @throws ERR_OPTION for an unknown key or a value out of range. */
export function parseTokenizerSpec(value: unknown, where: string): TokenizerSpec {
  const given = checkKeys(value, keys, where);
  const { file, config, addSpecialTokens = true, maxLength = 512, dropTokens = [] } = given;
  if (typeof file !== 'string' || file === '') throw expected('the path of a tokenizer.json', `${where}.file`, file);
  if (config !== undefined && typeof config !== 'string')
    throw expected('the path of a tokenizer_config.json', `${where}.config`, config);
  if (typeof addSpecialTokens !== 'boolean')
    throw expected('true or false', `${where}.addSpecialTokens`, addSpecialTokens);
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 1)
    throw expected('integer >= 1', `${where}.maxLength`, maxLength);
  if (!Array.isArray(dropTokens) || !dropTokens.every((token) => typeof token === 'string'))
    throw expected('an array of token names', `${where}.dropTokens`, dropTokens);
  return {
    file,
    ...(config !== undefined && { config }),
    addSpecialTokens,
    maxLength: maxLength as number,
    dropTokens: [...(dropTokens as string[])],
  };
}

/**
 * Makes the function that turns texts into ids. Dropped tokens go first, then the text is cut to `maxLength`;
 * special tokens are never cut off.
 *
 * @param tokenizerJson the parsed `tokenizer.json`.
 * @param tokenizerConfig the parsed `tokenizer_config.json`, where the spec names one.
 * @throws ERR_OPTION when the tokenizer cannot be built from them, or has no such token to drop.
 *
 * @example
 * const texts = createTextPreprocessor(spec, JSON.parse(await readFile(spec.file, 'utf8')));
 * const { ids, mask, width } = padBatch(['a cat', 'two dogs'].map((text) => texts.encode(text)));
 */
export function createTextPreprocessor(
  spec: TokenizerSpec,
  tokenizerJson: object,
  tokenizerConfig: object = {},
): TextPreprocessor {
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig);
  } catch (error) {
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a tokenizer.json of the Hugging Face tokenizers format in ${spec.file}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const drop = new Set<number>();
  for (const token of spec.dropTokens) {
    const id = tokenizer.token_to_id(token);
    if (id === undefined) {
      const near = nearNames(
        token,
        [...tokenizer.get_added_tokens_decoder().values()].map((added) => added.content),
      );
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
      throw new EquipoiseError(
        'ERR_OPTION',
        `Unknown token ${JSON.stringify(token)} in dropTokens of ${spec.file}.${hint}`,
      );
    }
    drop.add(id);
  }
  const ids = (text: string, special: boolean): number[] => tokenizer.encode(text, { add_special_tokens: special }).ids;
  // Special tokens stand before and behind the words; one short text tells which.
  const probe = ids('a', false);
  const whole = spec.addSpecialTokens ? ids('a', true) : probe;
  const before = Math.max(
    0,
    whole.findIndex((_, i) => probe.every((id, j) => whole[i + j] === id)),
  );
  const prefix = whole.slice(0, before);
  const suffix = whole.slice(before + probe.length);
  const special = prefix.length + suffix.length;
  if (special >= spec.maxLength)
    throw expected(`more than ${special}, the number of special tokens,`, 'tokenizer.maxLength', spec.maxLength);
  return {
    encode(text) {
      const words = ids(text, false).filter((id) => !drop.has(id));
      if (words.length === 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected text with at least one known token but received ${JSON.stringify(text.slice(0, 60))}, of which the tokenizer keeps nothing`,
        );
      return [...prefix, ...words.slice(0, spec.maxLength - special), ...suffix];
    },
  };
}

export interface TokenBatch {
  /** (rows, width) token ids, `padId` behind the shorter rows. */
  readonly ids: BigInt64Array;
  /** (rows, width): 1 for a token, 0 for padding. */
  readonly mask: BigInt64Array;
  readonly width: number;
}

/** Texts of different length side by side, padded on the right to the longest. */
export function padBatch(rows: readonly ArrayLike<number>[], padId = 0): TokenBatch {
  const width = rows.reduce((longest, row) => Math.max(longest, row.length), 0);
  const ids = new BigInt64Array(rows.length * width).fill(BigInt(padId));
  const mask = new BigInt64Array(rows.length * width);
  rows.forEach((row, r) => {
    for (let i = 0; i < row.length; i++) {
      ids[r * width + i] = BigInt(row[i] as number);
      mask[r * width + i] = 1n;
    }
  });
  return { ids, mask, width };
}
