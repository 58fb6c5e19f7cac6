import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openDataset, type OpenDatasetOptions } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

const head = `@relation cars
@attribute Size real [0.0, 9.0]
@attribute Colour {red, green}
@attribute Doors integer[2,5]
@attribute Class {positive, negative}
`;

async function open(t: TestContext, text: string, options?: OpenDatasetOptions) {
  const set = await openDataset(join(folderOf(t, { 'cars.dat': text }), 'cars.dat'), options);
  return { set, items: await collect(set) };
}

const values = (items: Awaited<ReturnType<typeof collect>>) =>
  items.map(({ content }) => (content.kind === 'row' ? [...content.values] : null));

test('numbers stay numbers, categories become one-hot columns, the last attribute is the class', async (t) => {
  const { set, items } = await open(t, `${head}@data\n0.5, green, 4, negative\n\n2.5,red,2,positive\n`);
  assert.deepEqual([set.format, set.modality, set.classNames], ['keel', 'table', ['negative', 'positive']]);
  assert.deepEqual(set.columns, [
    { name: 'Size', kind: 'numeric' },
    { name: 'Colour=red', kind: 'one-hot', source: 'Colour', level: 'red' },
    { name: 'Colour=green', kind: 'one-hot', source: 'Colour', level: 'green' },
    { name: 'Doors', kind: 'numeric' },
  ]);
  assert.deepEqual(values(items), [
    [0.5, 0, 1, 4],
    [2.5, 1, 0, 2],
  ]);
  assert.deepEqual(
    items.map(({ id, label }) => [id, label]),
    [
      ['0', 'negative'],
      ['1', 'positive'],
    ],
  );
  assert.match(items[1]?.source ?? '', /cars\.dat:9$/);
});

test('an attribute of numbers that is named a category becomes one column a value', async (t) => {
  const text = `${head}@data\n0.5, green, 4, negative\n2.5,red,2,positive\n`;
  const { set, items } = await open(t, text, { categorical: ['Doors'] });
  assert.deepEqual(set.columns?.slice(3), [
    { name: 'Doors=2', kind: 'one-hot', source: 'Doors', level: '2' },
    { name: 'Doors=4', kind: 'one-hot', source: 'Doors', level: '4' },
  ]);
  assert.deepEqual(values(items), [
    [0.5, 0, 1, 0, 1],
    [2.5, 1, 0, 1, 0],
  ]);
  await assert.rejects(open(t, text, { categorical: ['Class'] }), failure('ERR_DATA', 'input attributes'));
  await assert.rejects(
    open(t, `${text}1,red,?,positive\n`, { categorical: ['Doors'] }),
    failure('ERR_DATA', 'line 9', 'missing'),
  );
});

test('@inputs and @output are honoured', async (t) => {
  const { set, items } = await open(
    t,
    `${head}@inputs Doors, Size\n@output Colour\n@data\n0.5, green, 4, negative\n1,red,3,positive\n`,
  );
  assert.deepEqual(
    set.columns?.map(({ name }) => name),
    ['Doors', 'Size'],
  );
  assert.deepEqual(values(items), [
    [4, 0.5],
    [3, 1],
  ]);
  assert.deepEqual(set.classNames, ['green', 'red']);
});

const refusals: [name: string, text: string, ...words: string[]][] = [
  ['a missing value "?"', `${head}@data\n?, red, 4, negative\n`, 'line 7', '"Size"', 'missing value "?"'],
  ['a missing category "<null>"', `${head}@data\n1, <null>, 4, negative\n`, 'line 7', '"Colour"', 'a missing value'],
  ['an unknown category', `${head}@data\n1, blue, 4, negative\n`, '"blue"', 'red, green'],
  ['an unknown class', `${head}@data\n1, red, 4, maybe\n`, '"maybe"', '"Class"'],
  ['a ragged row', `${head}@data\n1, red, negative\n`, 'line 7', '4 values', 'found 3'],
  ['an undeclared output', `${head}@output Clas\n@data\n1, red, 4, negative\n`, '"Clas"', 'Did you mean Class?'],
  ['two outputs', `${head}@outputs Class, Colour\n@data\n1, red, 4, negative\n`, 'one output'],
  ['an unknown attribute type', '@relation x\n@attribute a date\n@attribute b real\n@data\n1,2\n', 'line 2', 'a date'],
  ['an unknown line', `${head}@datum\n`, 'line 6', '@datum'],
  ['no rows', `${head}@data\n`, 'none'],
];
for (const [name, text, ...words] of refusals)
  test(`${name} is refused`, async (t) => {
    await assert.rejects(open(t, text), failure('ERR_DATA', ...words));
  });

test('a .dat file of another kind is not taken for KEEL', async (t) => {
  await assert.rejects(open(t, '\0\0'), failure('ERR_DATA', 'another kind'));
});
