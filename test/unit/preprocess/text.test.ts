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
  const { ids, mask, width } = padBatch([[4, 5, 6], [8]], 9);
  assert.equal(width, 3);
  assert.deepEqual(ids, BigInt64Array.of(4n, 5n, 6n, 8n, 9n, 9n));
  assert.deepEqual(mask, BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n));
});
