/** A `tokenizer.json` as a function from text to ids; the vocabulary's own algorithm is that of @huggingface/tokenizers. */

import { Tokenizer } from '@huggingface/tokenizers';
import { EquipoiseError } from '../core/errors.js';
import { createNormalizer, createSplitter } from './tokenizer-parts.js';

/** Texts above this are refused: no backbone reads so many tokens, and every step here takes time for each character. */
const MAX_CHARACTERS = 1_000_000;

/** More entries than any published vocabulary has, several times over. */
const MAX_VOCABULARY = 2_000_000;

/** A special token, or (`id` null) the place of the first (`of` 0) or second (`of` 1) text. */
export interface TemplatePart {
  readonly id: number | null;
  readonly of: 0 | 1;
  readonly type: number;
}

export interface TextTokenizer {
  readonly addedTokens: readonly string[];
  idOf(token: string): number | undefined;
  /** Ids of the words alone. @throws ERR_DATA for a text that is too long or has a character that the vocabulary cannot tell. */
  ids(text: string): number[];
  /** How special tokens stand around one text, or around two. */
  template(pair: boolean): readonly TemplatePart[];
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

interface TokenizerJson {
  readonly added_tokens?: readonly AddedToken[];
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly post_processor?: { readonly type?: unknown } | null;
  readonly model?: Readonly<Record<string, unknown>>;
}

/** Settings of a vocabulary that would change ids and are not computed here. */
function checkModel(model: Readonly<Record<string, unknown>>, refuse: (why: string) => EquipoiseError): void {
  const { type, vocab, merges } = model;
  if (typeof type === 'string' && !['WordPiece', 'BPE', 'Unigram'].includes(type))
    throw refuse(`its vocabulary is of the kind ${type}`);
  const size = Array.isArray(vocab) ? vocab.length : Object.keys((vocab ?? {}) as object).length;
  if (size === 0) throw refuse('it has no vocabulary');
  if (size > MAX_VOCABULARY || (Array.isArray(merges) && merges.length > MAX_VOCABULARY))
    throw refuse(`its vocabulary has more than ${MAX_VOCABULARY} entries`);
  const ids = Array.isArray(vocab) ? [] : Object.values(vocab as object);
  if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0 && id < 2 * MAX_VOCABULARY))
    throw refuse('an id of its vocabulary is not a small whole number');
  for (const name of ['dropout', 'continuing_subword_prefix', 'byte_fallback'] as const) {
    const value = model[name];
    const known =
      type === 'WordPiece' ? name === 'continuing_subword_prefix' : type === 'BPE' && name === 'byte_fallback';
    if (value !== undefined && value !== null && value !== false && value !== 0 && value !== '' && !known)
      throw refuse(`its vocabulary has ${name} ${JSON.stringify(value)}`);
  }
}

const escape = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Finds added tokens in a text, longest first, with the spaces that they swallow. */
function finder(tokens: readonly AddedToken[], form: (content: string) => string): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  const sorted = [...tokens].sort((a, b) => form(b.content).length - form(a.content).length);
  const pattern = sorted.map(
    ({ content, lstrip, rstrip }) =>
      `${lstrip ? '\\p{White_Space}*' : ''}${escape(form(content))}${rstrip ? '\\p{White_Space}*' : ''}`,
  );
  return new RegExp(pattern.join('|'), 'gu');
}

type Piece = { readonly text: string; readonly id?: number };

function splitAt(text: string, pattern: RegExp | undefined, ids: ReadonlyMap<string, number>): Piece[] {
  if (pattern === undefined) return [{ text }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (index > end) pieces.push({ text: text.slice(end, index) });
    const id = ids.get(found) ?? ids.get(found.trim());
    pieces.push(id === undefined ? { text: found } : { text: found, id });
    end = index + found.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/**
 * @param where names the file in messages.
 * @throws ERR_OPTION when it is no tokenizer, or one whose ids cannot be reproduced.
 */
export function createTokenizer(json: object, where: string): TextTokenizer {
  const refuse = (why: string, cause?: unknown) =>
    new EquipoiseError(
      'ERR_OPTION',
      `Expected a tokenizer.json of the Hugging Face tokenizers format in ${where}: ${why}`,
      { cause },
    );
  const {
    added_tokens: added = [],
    normalizer,
    pre_tokenizer: splitter,
    model: settings,
    post_processor: template,
  } = json as TokenizerJson;
  if (typeof settings !== 'object' || settings === null) throw refuse('it has no model');
  checkModel(settings, refuse);
  const wrong = added.find(
    ({ content, single_word: single }) => single || typeof content !== 'string' || content === '',
  );
  if (wrong) throw refuse(`its added token ${JSON.stringify(wrong.content)} is of a kind that is not supported`);
  const normalize = createNormalizer(normalizer);
  const split = createSplitter(splitter);
  let library: Tokenizer;
  try {
    // What it would do before the vocabulary is done here.
    const whole = { ...json, added_tokens: added, normalizer: null, pre_tokenizer: null, decoder: null };
    library = new Tokenizer({ post_processor: null, ...whole }, {});
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  const { model, post_processor: processor } = library;
  if (model === null) throw refuse('it has no model');
  const special = new Map(added.map(({ content, id }) => [content, id]));
  // RoBERTa does not tell two texts apart; the library says it does.
  const untyped = template?.type === 'RobertaProcessing';
  const idOf = (token: string) => special.get(token) ?? model.tokens_to_ids.get(token);

  const isNormalized = ({ normalized, special: isSpecial }: AddedToken) => normalized ?? !isSpecial;
  const asWritten = finder(
    added.filter((token) => !isNormalized(token)),
    (content) => content,
  );
  const asNormalized = finder(added.filter(isNormalized), normalize);
  const normalizedIds = new Map(added.filter(isNormalized).map(({ content, id }) => [normalize(content), id]));

  const known = (token: string): number => {
    const id = model.tokens_to_ids.get(token) ?? model.unk_token_id;
    if (typeof id === 'number') return id;
    throw new EquipoiseError(
      'ERR_DATA',
      `The vocabulary of ${where} has no token for ${JSON.stringify(token.slice(0, 20))} and none for the unknown`,
    );
  };
  return {
    addedTokens: added.map(({ content }) => content),
    idOf,
    ids(text) {
      if (text.length > MAX_CHARACTERS)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected a text of at most ${MAX_CHARACTERS} characters but received one of ${text.length}`,
        );
      const ids: number[] = [];
      // Half a surrogate pair is no character; UTF-8 puts this one in its place.
      const sound = text.replace(/\p{Cs}/gu, '\uFFFD');
      splitAt(sound, asWritten, special).forEach((part, i) => {
        if (part.id !== undefined) return ids.push(part.id);
        splitAt(normalize(part.text), asNormalized, normalizedIds).forEach((piece, j) => {
          if (piece.id !== undefined) return ids.push(piece.id);
          for (const word of split(piece.text, i === 0 && j === 0))
            if (word !== '') for (const token of model([word])) ids.push(known(token));
          return undefined;
        });
        return undefined;
      });
      return ids;
    },
    template(pair) {
      // Two markers that no vocabulary has show where the texts go.
      const markers = ['\0first', '\0second'];
      const result = processor?.([markers[0] as string], pair ? [markers[1]] : null, true);
      const tokens = result === undefined ? markers.slice(0, pair ? 2 : 1) : [...result.tokens];
      if (pair && !tokens.includes(markers[1] as string)) tokens.push(markers[1] as string);
      return tokens.map((token, i) => {
        const of = token === markers[1] ? 1 : 0;
        const id = markers.includes(token) ? null : idOf(token);
        if (id === undefined) throw refuse(`its template has the token ${token}, which it does not know`);
        return { id, of, type: untyped ? 0 : (result?.token_type_ids?.[i] ?? of) };
      });
    },
  };
}
