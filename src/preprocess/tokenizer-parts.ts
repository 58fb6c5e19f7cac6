/**
 * What a `tokenizer.json` does to a text before its vocabulary is asked: normalising and splitting, with the arithmetic of
 * the Hugging Face `tokenizers` library (Rust), whose ids a network was trained on. What is not known here is refused.
 */

import { Tokenizer } from '@huggingface/tokenizers';
import { EquipoiseError, unknownName } from '../core/errors.js';
import { readCharsMap } from './chars-map.js';

export type Normalizer = (text: string) => string;
/** @param atStart whether the piece begins the text. */
export type Splitter = (piece: string, atStart: boolean) => string[];

type Json = Readonly<Record<string, unknown>>;

const refuse = (what: string) =>
  new EquipoiseError(
    'ERR_OPTION',
    `The tokenizer.json ${what}, which is not reproduced here. Use another tokenizer or export the model with it inside`,
  );

/** Longest pattern that is compiled. Those of published tokenizers have below 300 characters. */
const MAX_PATTERN = 2000;

/**
 * Whether a pattern may take exponentially long on some text: a repeated group that holds a repetition without bound, or a
 * reference back. Published patterns have neither.
 */
export function isCatastrophic(source: string): boolean {
  const plain = source.replace(/\\[pP]\{[^}]*\}|\\[^1-9k]/g, 'a').replace(/\[(?:\\.|[^\]\\])*\]/g, 'a');
  if (/\\[1-9k]/.test(plain)) return true;
  // Inner groups first; a group that repeats inside leaves a mark behind.
  let text = plain;
  for (;;) {
    const group = /\((?:\?(?:<?[=!]|[:>]|[a-z-]+:|<\w+>))?([^()]*)\)([*+]|\{\d+,\d*\})?/.exec(text);
    if (group === null) return false;
    const [whole, inside = '', repeated] = group;
    const repeats = /[*+§]|\{\d+,\}/.test(inside);
    const branches = inside.includes('|');
    if (repeated !== undefined && (repeats || branches)) return true;
    text = text.replace(whole, repeats || repeated !== undefined ? '§' : 'a');
  }
}

function regexOf(pattern: unknown): RegExp {
  const { String: literal, Regex: source } = (pattern ?? {}) as { String?: unknown; Regex?: unknown };
  if (typeof literal === 'string' && literal !== '')
    return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gu');
  if (typeof source !== 'string') throw refuse(`splits by the pattern ${JSON.stringify(pattern)}`);
  if (source.length > MAX_PATTERN) throw refuse(`has a pattern of ${source.length} characters`);
  if (isCatastrophic(source))
    throw new EquipoiseError(
      'ERR_OPTION',
      `The tokenizer.json has the pattern ${JSON.stringify(source)}, which may take exponentially long on some texts. It is refused`,
    );
  // The library turns Oniguruma's syntax into JavaScript's.
  const split = { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated', invert: true };
  const nothing = { added_tokens: [], normalizer: null, post_processor: null, decoder: null };
  const carrier = { ...nothing, model: { type: 'WordPiece', vocab: {} }, pre_tokenizer: split };
  try {
    return (new Tokenizer(carrier, {}).pre_tokenizer as unknown as { pattern: RegExp }).pattern;
  } catch (error) {
    throw refuse(`has the pattern ${JSON.stringify(source)} (${(error as Error).message})`);
  }
}

type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** Cuts a text at the matches of a pattern. */
function cut(text: string, pattern: RegExp, behavior: Behavior, invert = false): string[] {
  const parts: { text: string; match: boolean }[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (found === '') continue;
    if (index > end) parts.push({ text: text.slice(end, index), match: invert });
    parts.push({ text: found, match: !invert });
    end = index + found.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), match: invert });
  const pieces: string[] = [];
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    const joins =
      (behavior === 'MergedWithPrevious' && part.match && before?.match === false) ||
      (behavior === 'MergedWithNext' && !part.match && before?.match === true) ||
      (behavior === 'Contiguous' && before?.match === part.match);
    if (joins) pieces.push(pieces.pop() + part.text);
    else if (behavior !== 'Removed' || !part.match) pieces.push(part.text);
  });
  return pieces;
}

const behaviors: readonly Behavior[] = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
function behaviorOf(value: unknown, standard?: Behavior): Behavior {
  const behavior = (value ?? standard) as Behavior;
  if (!behaviors.includes(behavior)) throw unknownName('split behavior of the tokenizer.json', value, behaviors);
  return behavior;
}

/** The blocks of BERT's definition of a Chinese character; the fifth begins where theirs does. */
const chinese =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

/** Character by character, as Rust does: no final form of sigma. */
const lowercase: Normalizer = (text) => Array.from(text, (c) => c.toLowerCase()).join('');

function bert(config: Json): Normalizer {
  const {
    clean_text: clean = true,
    handle_chinese_chars: spaced = true,
    strip_accents: strip,
    lowercase: low,
  } = config;
  const lower = low ?? true;
  const steps: Normalizer[] = [];
  if (clean) {
    steps.push((text) => text.replace(/(?![\t\n\r])[\0\uFFFD\p{Cc}\p{Cf}\p{Co}]/gu, ''));
    steps.push((text) => text.replace(/\p{White_Space}/gu, ' '));
  }
  if (spaced) steps.push((text) => text.replace(chinese, ' $& '));
  if (strip ?? lower) steps.push((text) => text.normalize('NFD').replace(/\p{Mn}/gu, ''));
  if (lower) steps.push(lowercase);
  return (text) => steps.reduce((result, step) => step(result), text);
}

function strip({ strip_left: left, strip_right: right }: Json): Normalizer {
  return (text) => {
    const start = left ? text.replace(/^\p{White_Space}+/u, '') : text;
    return right ? start.replace(/\p{White_Space}+$/u, '') : start;
  };
}

/** GPT-2's printable stand-ins for the 256 bytes. */
const byteNames = (() => {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
})();
const encoder = new TextEncoder();
const inBytes: Normalizer = (text) => Array.from(encoder.encode(text), (b) => byteNames[b]).join('');

function sequence(list: unknown): unknown[] {
  if (!Array.isArray(list)) throw refuse('has a sequence that is no list');
  return list;
}

const normalizers: Readonly<Record<string, (config: Json) => Normalizer>> = {
  BertNormalizer: bert,
  Lowercase: () => lowercase,
  NFC: () => (text) => text.normalize('NFC'),
  NFD: () => (text) => text.normalize('NFD'),
  NFKC: () => (text) => text.normalize('NFKC'),
  NFKD: () => (text) => text.normalize('NFKD'),
  Strip: strip,
  StripAccents: () => (text) => text.replace(/\p{M}/gu, ''),
  Prepend:
    ({ prepend }) =>
    (text) =>
      text === '' ? '' : `${String(prepend)}${text}`,
  Replace({ pattern, content }) {
    const regex = regexOf(pattern);
    return (text) => text.replace(regex, () => String(content));
  },
  ByteLevel: () => inBytes,
  Precompiled: ({ precompiled_charsmap: map }) => readCharsMap(map),
  Sequence({ normalizers: list }) {
    const steps = sequence(list).map(createNormalizer);
    return (text) => steps.reduce((result, step) => step(result), text);
  },
};

/** @throws ERR_OPTION for a kind that is not known, or a pattern that is not safe. */
export function createNormalizer(config: unknown): Normalizer {
  if (config === null || config === undefined) return (text) => text;
  const { type } = config as { type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(normalizers, type)) throw refuse(`normalises with ${String(type)}`);
  return (normalizers[type] as (config: Json) => Normalizer)(config as Json);
}

const word = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
const words = new RegExp(`${word}+|(?:(?!${word})\\P{White_Space})+`, 'gu');
const visible = /\P{White_Space}+/gu;
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;
const gpt2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function metaspace(config: Json): Splitter {
  const mark = String(config['replacement'] ?? '\u2581');
  // Older files say whether, newer ones where.
  const scheme = config['prepend_scheme'] ?? (config['add_prefix_space'] === false ? 'never' : 'always');
  if (!['always', 'first', 'never'].includes(scheme as string))
    throw refuse(`has the prepend_scheme ${String(scheme)}`);
  const splits = config['split'] !== false;
  const marks = new RegExp(mark, 'gu');
  return (piece, atStart) => {
    const marked = piece.replaceAll(' ', mark);
    const prepends = !marked.startsWith(mark) && (scheme === 'always' || (scheme === 'first' && atStart));
    const whole = prepends ? mark + marked : marked;
    return splits ? cut(whole, marks, 'MergedWithNext') : [whole];
  };
}

const splitters: Readonly<Record<string, (config: Json) => Splitter>> = {
  BertPreTokenizer: () => (piece) => (piece.match(visible) ?? []).flatMap((w) => cut(w, punctuation, 'Isolated')),
  Whitespace: () => (piece) => piece.match(words) ?? [],
  WhitespaceSplit: () => (piece) => piece.match(visible) ?? [],
  Punctuation({ behavior }) {
    const how = behaviorOf(behavior, 'Isolated');
    return (piece) => cut(piece, punctuation, how);
  },
  Digits: ({ individual_digits: single }) => {
    const digits = single ? /\p{N}/gu : /\p{N}+/gu;
    return (piece) => cut(piece, digits, 'Isolated');
  },
  CharDelimiterSplit({ delimiter }) {
    const regex = regexOf({ String: delimiter });
    return (piece) => cut(piece, regex, 'Removed');
  },
  Split({ pattern, behavior, invert }) {
    const regex = regexOf(pattern);
    const how = behaviorOf(behavior);
    return (piece) => cut(piece, regex, how, invert === true);
  },
  ByteLevel:
    ({ add_prefix_space: prefix = true, use_regex: regex = true }) =>
    (piece) => {
      const whole = prefix && !piece.startsWith(' ') ? ` ${piece}` : piece;
      return (regex ? (whole.match(gpt2) ?? []) : [whole]).map(inBytes);
    },
  Metaspace: metaspace,
  Sequence({ pretokenizers: list }) {
    const steps = sequence(list).map(createSplitter);
    return (piece, atStart) =>
      steps.reduce((pieces, step) => pieces.flatMap((p, i) => step(p, atStart && i === 0)), [piece]);
  },
};

/** @throws ERR_OPTION for a kind that is not known, or a pattern that is not safe. */
export function createSplitter(config: unknown): Splitter {
  if (config === null || config === undefined) return (piece) => [piece];
  const { type } = config as { type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(splitters, type)) throw refuse(`splits texts with ${String(type)}`);
  return (splitters[type] as (config: Json) => Splitter)(config as Json);
}
