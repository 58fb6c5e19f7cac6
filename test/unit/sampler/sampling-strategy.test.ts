import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createSampler,
  resolveSamplingStrategy,
  samplers,
  targetCounts,
  type SamplingStrategy,
} from '../../../src/sampler/index.js';

const names = ['cat', 'dog', 'owl', 'fox'];
const over = (strategy: SamplingStrategy, counts: number[], classNames = names) => [
  ...resolveSamplingStrategy(strategy, counts, classNames.slice(0, counts.length), 'over', 'eos.samplingStrategy'),
];
const under = (strategy: SamplingStrategy, counts: number[]) => [
  ...resolveSamplingStrategy(strategy, counts, names.slice(0, counts.length), 'under'),
];

test('over-samplers lift to the largest class, ties at the top gain nothing', () => {
  assert.deepEqual(over('auto', [5, 9, 2, 9]), [9, 9, 9, 9]);
  assert.deepEqual(over('not-majority', [5, 9, 2, 9]), [9, 9, 9, 9]);
  assert.deepEqual(over('all', [5, 9, 2, 9]), [9, 9, 9, 9]);
  assert.deepEqual(over('minority', [5, 9, 2, 2]), [5, 9, 9, 2], 'the first of two smallest');
  assert.deepEqual(over('not-minority', [5, 9, 2, 2]), [9, 9, 2, 9]);
});

test('under-samplers cut to the smallest class', () => {
  assert.deepEqual(under('auto', [5, 9, 2, 9]), [2, 2, 2, 2]);
  assert.deepEqual(under('majority', [5, 9, 2, 9]), [5, 2, 2, 9], 'the first of two largest');
  assert.deepEqual(under('not-majority', [5, 9, 2, 9]), [2, 9, 2, 2]);
  assert.deepEqual(under({ dog: 3 }, [5, 9]), [5, 3]);
  // floor(3 / 0.4) = 7.
  assert.deepEqual(under(0.4, [3, 20]), [3, 7]);
});

test('counts are totals after resampling, classes not named keep theirs', () => {
  assert.deepEqual(over({ owl: 7 }, [5, 9, 2]), [5, 9, 7]);
  assert.deepEqual(
    over((counts) => ({ cat: (counts['cat'] as number) * 2 }), [5, 9, 2]),
    [10, 9, 2],
  );
});

test('a ratio is smaller over larger class, for two classes with rows', () => {
  // floor(0.55 · 9) = 4.
  assert.deepEqual(over(0.55, [9, 2]), [9, 4]);
  assert.deepEqual(over(1, [9, 0, 2]), [9, 0, 9]);
  assert.throws(() => over(0.5, [9, 2, 4]), { code: 'ERR_OPTION', message: /exactly two classes.*there are 3/ });
  assert.throws(() => over(0.1, [9, 2]), { code: 'ERR_OPTION', message: /ratio from 0\.22/ });
  assert.throws(() => under(0.1, [9, 2]), { code: 'ERR_OPTION', message: /ratio from 0\.22/ });
});

test('totals out of reach, unknown classes and nonsense are refused by name', () => {
  assert.throws(() => over({ owl: 1 }, [5, 9, 2]), {
    code: 'ERR_OPTION',
    message: /whole number >= 2, the rows the class has for eos\.samplingStrategy\["owl"\] but received 1/,
  });
  assert.throws(() => under({ owl: 3 }, [5, 9, 2]), { code: 'ERR_OPTION', message: /from 0 to 2/ });
  assert.throws(() => over({ owll: 9 }, [5, 9, 2]), { code: 'ERR_OPTION', message: /"owll"\. Did you mean owl\?/ });
  assert.throws(() => over({ owl: 2 ** 40 }, [5, 9, 2]), { code: 'ERR_OPTION' });
  assert.throws(() => over({ owl: 7.5 }, [5, 9, 2]), { code: 'ERR_OPTION' });
  for (const wrong of ['most', NaN, 0, 1.5, null, [1, 2]])
    assert.throws(() => over(wrong as SamplingStrategy, [5, 9]), { code: 'ERR_OPTION' }, String(wrong));
  assert.throws(() => over('majority', [5, 9]), { code: 'ERR_OPTION', message: /nothing to gain/ });
  assert.throws(() => under('minority', [5, 9]), { code: 'ERR_OPTION', message: /nothing to lose/ });
  assert.throws(() => over((() => 3) as unknown as SamplingStrategy, [5, 9]), { message: /the result of eos/ });
});

test('one class only and classes without rows are errors about the data', () => {
  assert.throws(() => over('auto', [0, 9]), { code: 'ERR_DATA', message: /all 9 rows are "dog"/ });
  assert.throws(() => over('auto', [0, 0]), { code: 'ERR_DATA', message: /there are none/ });
  assert.throws(() => over('auto', [5, 9, 0]), { code: 'ERR_DATA', message: /Class "owl" has no training rows/ });
  assert.throws(() => over({ owl: 4 }, [5, 9, 0]), { code: 'ERR_DATA', message: /"owl"/ });
  assert.throws(() => under('auto', [5, 9, 0]), { code: 'ERR_DATA', message: /"owl"/ });
  assert.deepEqual(over({ cat: 9 }, [5, 9, 0]), [9, 9, 0]);
});

test('counts aimed at are known from counts alone, and impossible ones refused, whatever the method does with them', () => {
  const set = { classCounts: Int32Array.of(5, 9, 2), classNames: ['cat', 'dog', 'owl'] };
  const aims = (name: keyof typeof samplers, samplingStrategy: unknown) =>
    targetCounts(samplers[name], createSampler(name, { samplingStrategy }), set).map(
      ({ after, atMost, exact }) => after ?? `<=${atMost}${exact ? '!' : ''}`,
    );
  assert.deepEqual(
    aims('smote', (counts: Record<string, number>) => ({ owl: counts['cat'] })),
    [5, 9, 5],
  );
  assert.deepEqual(aims('near-miss', 'auto'), [2, 2, 2]);
  // SMOTE to 9 rows each, from which cleaning takes.
  assert.deepEqual(aims('smote-enn', 'auto'), ['<=9', '<=9', '<=9']);
  assert.deepEqual(aims('tomek-links', ['dog']), [5, '<=9', 2]);
  for (const [name, strategy] of [
    ['smote', { owl: 1 }],
    ['smote-enn', { owl: 1 }],
    ['smote-tomek', { ox: 9 }],
    ['near-miss', { dog: 10 }],
    ['tomek-links', ['ox']],
  ] as const)
    assert.throws(() => aims(name, strategy), { code: 'ERR_OPTION' }, name);
});
