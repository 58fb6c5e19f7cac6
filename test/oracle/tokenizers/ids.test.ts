import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createTextPreprocessor, parseTokenizerSpec, type PairTruncation } from '../../../src/preprocess/index.js';
import { createTokenizer } from '../../../src/preprocess/tokenizer.js';
import { failure } from '../../unit/dataset/temp-folder.js';

interface Oracle {
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
  readonly maxLength: number;
  readonly cases: readonly {
    readonly name: string;
    readonly tokenizer: object;
    /** Of the whole texts with special tokens, and without. */
    readonly ids: readonly number[][];
    readonly bare: readonly number[][];
    readonly 'cut right': readonly number[][];
    readonly 'cut left': readonly number[][];
    /** Ids and types; null where the reference refuses. */
    readonly pairs: Readonly<Record<PairTruncation, readonly ([number[], number[]] | null)[]>>;
  }[];
}

const oracle = JSON.parse(
  readFileSync(new URL('../../../../test/oracle/tokenizers/ids.json', import.meta.url), 'utf8'),
) as Oracle;

const { texts, pairs, maxLength } = oracle;
const build = (tokenizer: object, spec: object) =>
  createTextPreprocessor(parseTokenizerSpec({ file: 'tokenizer.json', ...spec }, 't'), tokenizer);

for (const { name, tokenizer, ids, bare, pairs: expected, ...cut } of oracle.cases) {
  test(`${name}: the ids of the reference on difficult texts`, () => {
    const { ids: words } = createTokenizer(tokenizer, name);
    const whole = build(tokenizer, { maxLength: 100_000 });
    const left = build(tokenizer, { maxLength, truncateSide: 'left' });
    const right = build(tokenizer, { maxLength });
    texts.forEach((text, i) => {
      const shown = JSON.stringify(text.slice(0, 40));
      assert.deepEqual(words(text), bare[i], `${shown} without special tokens`);
      // Of a text without tokens the reference makes a vector of special tokens alone; here it is a failed item.
      if (bare[i]?.length === 0) return assert.throws(() => whole.encode(text), failure('ERR_DATA'));
      assert.deepEqual(whole.encode(text), ids[i], shown);
      assert.deepEqual(right.encode(text), cut['cut right'][i], `${shown} cut`);
      assert.deepEqual(left.encode(text), cut['cut left'][i], `${shown} cut at its beginning`);
      return undefined;
    });
  });

  test(`${name}: pairs share the room as in the reference`, () => {
    const tight = build(tokenizer, { maxLength });
    for (const strategy of ['longest_first', 'only_first'] as const)
      pairs.forEach(([first, second], i) => {
        const wanted = expected[strategy][i] ?? null;
        if (wanted === null) assert.throws(() => tight.pair(first, second, strategy), failure('ERR_DATA'));
        else
          assert.deepEqual(
            tight.pair(first, second, strategy),
            { ids: wanted[0], types: wanted[1] },
            `${strategy} ${first} + ${second}`,
          );
      });
  });
}
