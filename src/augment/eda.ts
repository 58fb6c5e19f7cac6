/** Small random edits of a text. */

import { EquipoiseError } from '../core/errors.js';
import { number } from '../core/options.js';
import type { Draws } from '../core/rng.js';
import { defineAugmenter } from './augmenter.js';

type Edit = (words: string[], edits: number, draws: Draws) => string[];

function swap(words: string[], edits: number, draws: Draws): string[] {
  for (let i = 0; i < edits; i++) {
    const a = draws.below(words.length);
    const b = draws.below(words.length);
    [words[a], words[b]] = [words[b] as string, words[a] as string];
  }
  return words;
}

function insert(words: string[], edits: number, draws: Draws): string[] {
  const own = [...words];
  for (let i = 0; i < edits; i++)
    words.splice(draws.below(words.length + 1), 0, own[draws.below(own.length)] as string);
  return words;
}

function remove(words: string[], edits: number, draws: Draws): string[] {
  for (let i = 0; i < edits && words.length > 1; i++) words.splice(draws.below(words.length), 1);
  return words;
}

const operations: readonly Edit[] = [swap, insert, remove];

/**
 * Swaps, inserts or deletes words: one of the three a copy, drawn evenly, on max(1, rate · words) words.
 *
 * Differs from the paper: its fourth operation, replacing words by synonyms, and its insertion of synonyms need a
 * thesaurus, which is not shipped; here a word of the text itself is inserted. Deletion takes a fixed number of
 * words instead of each with a probability. At least one word stays.
 */
export const eda = defineAugmenter({
  name: 'eda',
  summary: 'swap, insert or delete words of the text (without synonyms)',
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
  },
  async alter(content, { rate }, draws) {
    if (content.kind !== 'text')
      throw new EquipoiseError('ERR_DATA', `Expected a text for eda but received a ${content.kind} item`);
    const words = content.text.trim().split(/\s+/);
    const edit = operations[draws.below(operations.length)] as Edit;
    return { kind: 'text', text: edit(words, Math.max(1, Math.floor(rate * words.length)), draws).join(' ') };
  },
});
