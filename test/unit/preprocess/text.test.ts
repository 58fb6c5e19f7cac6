import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTextPreprocessor, padBatch, parseTokenizerSpec } from '../../../src/preprocess/index.js';
import { failure } from '../dataset/temp-folder.js';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'cat', 'sat', '##s', 'mat'];
const special = words.slice(0, 4).map((content, id) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
}));
const token = (name: string) => ({ SpecialToken: { id: name, type_id: 0 } });
const tokenizer = {
  version: '1.0',
  added_tokens: special,
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [token('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, token('[SEP]')],
    pair: [],
    special_tokens: Object.fromEntries(
      ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [words.indexOf(id)], tokens: [id] }]),
    ),
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};
const make = (spec: object) =>
  createTextPreprocessor(parseTokenizerSpec({ file: 'tokenizer.json', ...spec }, 'tokenizer'), tokenizer);

test('words become ids with the special tokens around them', () => {
  assert.deepEqual(make({}).encode('A cats MAT'), [2, 4, 5, 7, 8, 3]);
});

test('a long text is cut between its special tokens', () => {
  assert.deepEqual(make({ maxLength: 4 }).encode('a cat sat a mat'), [2, 4, 5, 3]);
  assert.deepEqual(make({ maxLength: 4, addSpecialTokens: false }).encode('a cat sat a mat'), [4, 5, 6, 4]);
});

test('dropped tokens leave before the text is cut', () => {
  const texts = make({ addSpecialTokens: false, maxLength: 2, dropTokens: ['[UNK]'] });
  assert.deepEqual(texts.encode('a dog sat'), [4, 6]);
});

test('a text without a token that is kept is refused', () => {
  const texts = make({ dropTokens: ['[UNK]'] });
  for (const text of ['', '   ', 'zebra'])
    assert.throws(() => texts.encode(text), failure('ERR_DATA', JSON.stringify(text)));
});

test('unknown keys and tokens are refused with near names', () => {
  assert.throws(
    () => make({ max_length: 8 }),
    failure('ERR_OPTION', 'tokenizer.max_length', 'Did you mean maxLength?'),
  );
  assert.throws(() => make({ dropTokens: ['[UNKN]'] }), failure('ERR_OPTION', '"[UNKN]"', 'Did you mean [UNK]'));
  assert.throws(() => make({ maxLength: 2 }), failure('ERR_OPTION', 'more than 2', 'maxLength'));
  assert.throws(() => make({ maxLength: 0.5 }), failure('ERR_OPTION', 'maxLength'));
  assert.throws(() => parseTokenizerSpec({}, 'tokenizer'), failure('ERR_OPTION', 'tokenizer.file'));
});

test('a file that is no tokenizer is refused', () => {
  const spec = parseTokenizerSpec({ file: 'tokenizer.json' }, 'tokenizer');
  assert.throws(() => createTextPreprocessor(spec, { hello: 1 }), failure('ERR_OPTION', 'tokenizer.json'));
});

test('texts of different length are padded on the right and masked', () => {
  const { ids, mask, width } = padBatch([[4, 5, 6], [8]], { padId: 9 });
  assert.equal(width, 3);
  assert.deepEqual(ids, BigInt64Array.of(4n, 5n, 6n, 8n, 9n, 9n));
  assert.deepEqual(mask, BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n));
});

test('a prefix and lower case come before the tokenizer', () => {
  assert.deepEqual(make({ prefix: 'a ' }).encode('cat'), [2, 4, 5, 3]);
  assert.deepEqual(make({ lowercase: true }).encode('CAT'), [2, 5, 3]);
});

test('a batch may be filled up on the left and to a given width', () => {
  const { ids, mask } = padBatch([[4, 5], [8]], { padSide: 'left', width: 3 });
  assert.deepEqual(ids, BigInt64Array.of(0n, 4n, 5n, 0n, 0n, 8n));
  assert.deepEqual(mask, BigInt64Array.of(0n, 1n, 1n, 0n, 0n, 1n));
});

test('a tokenizer whose ids would differ from the reference is refused, not approximated', () => {
  const changed = (change: object) => () =>
    createTextPreprocessor(parseTokenizerSpec({ file: 't.json' }, 't'), { ...tokenizer, ...change });
  const model = (change: object) => changed({ model: { ...tokenizer.model, ...change } });
  assert.throws(changed({ normalizer: { type: 'Nmt' } }), failure('ERR_OPTION', 'normalises with Nmt'));
  assert.throws(changed({ pre_tokenizer: { type: 'UnicodeScripts' } }), failure('ERR_OPTION', 'UnicodeScripts'));
  assert.throws(
    changed({ pre_tokenizer: { type: 'Punctuation', behavior: 'Merged' } }),
    failure('ERR_OPTION', 'Known split behavior'),
  );
  assert.throws(
    changed({ added_tokens: [{ id: 2, content: '[CLS]', single_word: true }] }),
    failure('ERR_OPTION', '[CLS]'),
  );
  assert.throws(model({ type: 'WordLevel' }), failure('ERR_OPTION', 'of the kind WordLevel'));
  assert.throws(model({ dropout: 0.1 }), failure('ERR_OPTION', 'dropout 0.1'));
  assert.throws(model({ vocab: {} }), failure('ERR_OPTION', 'no vocabulary'));
  assert.throws(model({ vocab: { a: -1 } }), failure('ERR_OPTION', 'small whole number'));
});

test('a pattern that may take exponentially long is refused; those of published tokenizers are not', () => {
  const split = (Regex: string) => () =>
    createTextPreprocessor(parseTokenizerSpec({ file: 't.json' }, 't'), {
      ...tokenizer,
      pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
    });
  for (const pattern of [
    '(a+)+$',
    '(a|aa)+b',
    '((ab)*c)*',
    '(.*){3,}x',
    '(?:x+x+)+y',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    'a'.repeat(3000),
  ])
    assert.throws(split(pattern), failure('ERR_OPTION', /exponentially long|a pattern of 3000/), pattern);
  const published = [
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}",
    '<\\|startoftext\\|>|<\\|endoftext\\|>|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+',
  ];
  for (const pattern of published) assert.doesNotThrow(split(pattern), pattern);
});

test('a text of more than a million characters is a failed item; one just below is read', () => {
  assert.throws(() => make({}).encode('a '.repeat(500_001)), failure('ERR_DATA', 'at most 1000000 characters'));
  assert.equal(make({}).encode('a '.repeat(500_000)).length, 512);
});
