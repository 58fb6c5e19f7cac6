import {
  compare,
  compareOptions,
  formatTable,
  leaderboardMetrics,
  openStore,
  trainOptions,
  type Leaderboard,
} from '../../index.js';
import { flagsFrom, pick, type Command, type Context } from '../command.js';
import { threadsFlag } from './shared.js';

const { strategies, baseline, seeds, test, validation } = compareOptions;
const comparedFlags = flagsFrom({ strategies, baseline, seeds, test, validation });
const { epochs, batchSize, learningRate, standardize } = trainOptions;
const trainingFlags = { ...flagsFrom({ epochs, batchSize, learningRate, standardize }), ...threadsFlag };

function print({ rows, seeds, baseline, parts }: Leaderboard, context: Context): void {
  const spread = ({ mean, sd }: { mean: number | null; sd: number | null }) =>
    mean === null ? '–' : `${mean.toFixed(3)}${sd === null ? '' : ` ± ${sd.toFixed(3)}`}`;
  context.print(
    `${parts.train} training, ${parts.validation} validation and ${parts.test} test rows; ${seeds.length} seeds; mean ± standard deviation; baseline ${baseline}`,
  );
  context.print(
    formatTable({
      columns: [
        { title: 'strategy' },
        ...leaderboardMetrics.map((metric) => ({ title: metric, align: 'right' as const })),
        { title: 'seconds', align: 'right' },
      ],
      rows: rows.map((row) => [
        row.name,
        ...leaderboardMetrics.map((metric) => spread(row.metrics[metric])),
        spread(row.seconds),
      ]),
    }),
  );
  context.print('');
  for (const { againstBaseline } of rows) if (againstBaseline) context.print(againstBaseline.sentence);
}

export const compareCommand: Command = {
  name: 'compare',
  summary: 'Train several strategies on the same splits and seeds; say which differences are more than noise.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    ...comparedFlags,
    split: {
      type: 'string',
      value: 'NAME',
      help: 'a split of the store, the same for every seed; without it each seed splits anew',
    },
    ...trainingFlags,
  },
  example: 'equipoise compare flowers-run/store --strategies all --seeds 5',
  async run([path = ''], flags, context) {
    const store = await openStore(path);
    const { split } = flags as { split?: string };
    if (split === undefined && store.splits().length > 0)
      context.say(
        `each seed splits all rows of ${path} anew; --split ${store.splits()[0]} keeps the split that is there`,
      );
    const data =
      split === undefined
        ? await store.read()
        : {
            train: await store.read({ split, part: 'train' }),
            validation: await store.read({ split, part: 'validation' }),
            test: await store.read({ split, part: 'test' }),
          };
    const leaderboard = await compare(data, {
      ...pick(flags, comparedFlags),
      training: pick(flags, trainingFlags),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    print(leaderboard, context);
    return leaderboard;
  },
};
