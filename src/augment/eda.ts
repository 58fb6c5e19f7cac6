/** Small random edits of a text. */

import { createHash } from 'node:crypto';
import { EquipoiseError } from '../core/errors.js';
import { custom, number } from '../core/options.js';
import type { Draws } from '../core/rng.js';
import { defineAugmenter } from './augmenter.js';

/** Words that may stand for a word, by that word in lower case. */
export type Synonyms = Readonly<Record<string, readonly string[]>>;

interface Thesaurus {
  /** Positions of words that there is another word for. */
  known(words: readonly string[]): number[];
  /** Another word for one of these. */
  another(word: string, draws: Draws): string;
}

type Edit = (words: string[], edits: number, draws: Draws, thesaurus: Thesaurus) => string[];

/** Without synonyms any other word of the text stands for a word. */
function thesaurusOf(own: readonly string[], synonyms: Synonyms | null): Thesaurus {
  if (synonyms === null)
    return {
      known: (words) => [...words.keys()],
      another: (_, draws) => own[draws.below(own.length)] as string,
    };
  const of = (word: string) => {
    const key = word.toLowerCase();
    return Object.hasOwn(synonyms, key) ? (synonyms[key] as readonly string[]) : [];
  };
  return {
    known: (words) => [...words.keys()].filter((at) => of(words[at] as string).length > 0),
    another: (word, draws) => of(word)[draws.below(of(word).length)] as string,
  };
}

function swap(words: string[], edits: number, draws: Draws): string[] {
  for (let i = 0; i < edits; i++) {
    const a = draws.below(words.length);
    const b = draws.below(words.length);
    [words[a], words[b]] = [words[b] as string, words[a] as string];
  }
  return words;
}

function insert(words: string[], edits: number, draws: Draws, { known, another }: Thesaurus): string[] {
  const own = known(words).map((at) => words[at] as string);
  for (let i = 0; i < edits && own.length > 0; i++) {
    const word = another(own[draws.below(own.length)] as string, draws);
    words.splice(draws.below(words.length + 1), 0, word);
  }
  return words;
}

function replace(words: string[], edits: number, draws: Draws, { known, another }: Thesaurus): string[] {
  const places = known(words);
  for (let i = 0; i < edits && places.length > 0; i++) {
    const [at = 0] = places.splice(draws.below(places.length), 1);
    words[at] = another(words[at] as string, draws);
  }
  return words;
}

function remove(words: string[], edits: number, draws: Draws): string[] {
  for (let i = 0; i < edits && words.length > 1; i++) words.splice(draws.below(words.length), 1);
  return words;
}

const operations: readonly Edit[] = [swap, insert, remove, replace];

/**
 * Swaps, inserts, deletes or replaces words: one of the four a copy, drawn evenly, on max(1, rate · words) words.
 *
 * A thesaurus is not shipped: words come from `synonyms` where the caller has some, and from the text itself otherwise, which is
 * where this differs from the paper. Deletion takes a fixed number of words instead of each with a probability. At least
 * one word stays; a text without a word that has synonyms is left alone by the two operations that need one.
 */
export const eda = defineAugmenter({
  name: 'eda',
  summary: 'swap, insert, delete or replace words of the text',
  paper:
    'Wei, Zou, "EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks", arXiv:1901.11196',
  modality: 'text',
  options: {
    rate: number({
      min: 0,
      max: 1,
      default: 0.1,
      help: 'share of the words that an edit touches; small: nearly copies; large: the meaning is lost',
    }),
    synonyms: custom<Synonyms | null>({
      accepts: 'an object of arrays of words, by the word in lower case that they stand for, or null',
      default: null,
      help: 'where inserted and replacing words come from; null: from the text itself, which loses more of the meaning',
      check: (value) =>
        value === null ||
        (typeof value === 'object' &&
          Object.values(value as object).every(
            (words) => Array.isArray(words) && words.every((word) => typeof word === 'string'),
          )),
    }),
  },
  describe: ({ synonyms, ...options }) => ({
    ...options,
    synonyms: synonyms && createHash('sha256').update(JSON.stringify(synonyms)).digest('hex'),
  }),
  async alter(content, { rate, synonyms }, draws) {
    if (content.kind !== 'text')
      throw new EquipoiseError('ERR_DATA', `Expected a text for eda but received a ${content.kind} item`);
    const words = content.text.trim().split(/\s+/);
    const edit = operations[draws.below(operations.length)] as Edit;
    return {
      kind: 'text',
      text: edit(words, Math.max(1, Math.floor(rate * words.length)), draws, thesaurusOf([...words], synonyms)).join(
        ' ',
      ),
    };
  },
});
