import {
  compareOptions,
  compareStore,
  describeLeaderboard,
  EquipoiseError,
  formatTable,
  gapTable,
  leaderboardTable,
  openStore,
  trainOptions,
  type Leaderboard,
} from '../../index.js';
import { Finding, flagsFrom, pick, type Command, type Context, type Flag } from '../command.js';
import { decisionFlags, decisionFrom, threadsFlag } from './shared.js';

const { strategies, baselines, baseline, seeds, folds, test, validation, jobs, out } = compareOptions;
const comparedFlags = flagsFrom({ strategies, baselines, baseline, seeds, folds, test, validation, jobs, out });
const { head, epochs, batchSize, learningRate, standardize } = trainOptions;
export const trainingFlags: Record<string, Flag> = {
  ...flagsFrom({ head, epochs, batchSize, learningRate, standardize }),
  ...threadsFlag,
};
export const splitFlag: Flag = {
  type: 'string',
  value: 'NAME',
  help: 'a split of the store, the same for every seed; without it each seed divides all rows anew',
};

/** Says what happens to a split that is there and was not named. */
export async function sayWithoutSplit(path: string, split: unknown, context: Context): Promise<void> {
  const [there] = (await openStore(path)).splits();
  if (split === undefined && there !== undefined)
    context.say(`each seed divides all rows of ${path} anew; --split ${there} keeps the split that is there`);
}

const terminalMetrics = [
  'balancedAccuracy',
  'macroF1',
  'microF1',
  'meanAveragePrecision',
  'geometricMeanMacro',
  'worstClassRecall',
  'fewShot',
  'hammingLoss',
  'expectedCalibrationError',
  'prAuc',
] as const;

function print(leaderboard: Leaderboard, context: Context): void {
  context.print(describeLeaderboard(leaderboard));
  context.print('');
  context.print(formatTable(leaderboardTable(leaderboard, terminalMetrics)));
  const gaps = gapTable(leaderboard);
  if (gaps) {
    context.print('\ngeneralization gap a class, before and after rows were added');
    context.print(formatTable(gaps));
  }
  context.print('');
  leaderboard.conclusion.forEach((sentence) => context.print(sentence));
}

export const compareCommand: Command = {
  name: 'compare',
  summary: 'Train several strategies on the same splits and seeds; say which differences are more than noise.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    ...comparedFlags,
    timeBudget: {
      type: 'number',
      value: 'MINUTES',
      help: 'no training is started later; every strategy has its first seed before any has its second, and what was left out is said',
    },
    split: splitFlag,
    ...trainingFlags,
    ...decisionFlags,
  },
  example: 'equipoise compare flowers-run/store --strategies all --seeds 5 --out flowers-compared',
  async run([path = ''], flags, context) {
    const { split, timeBudget } = flags as { split?: string; timeBudget?: number };
    await sayWithoutSplit(path, split, context);
    const leaderboard = await compareStore(path, {
      ...pick(flags, comparedFlags),
      ...(split !== undefined && { split }),
      ...(timeBudget !== undefined && { timeBudgetMs: 60_000 * timeBudget }),
      training: { ...pick(flags, trainingFlags), ...decisionFrom(flags) },
      signal: context.signal,
      onProgress: context.onProgress,
    }).catch((error: unknown) => {
      if (error instanceof EquipoiseError && error.code === 'ERR_ABORTED' && typeof flags['out'] === 'string')
        throw new EquipoiseError(
          'ERR_ABORTED',
          `${error.message}. What is finished lies in ${flags['out']}; the same command goes on`,
          { cause: error },
        );
      throw error;
    });
    print(leaderboard, context);
    const { failures } = leaderboard;
    if (failures.length > 0)
      throw new Finding(
        'ERR_DATA',
        `${failures.length} trainings failed, of ${[...new Set(failures.map(({ name }) => name))].join(', ')}; the leaderboard has the others`,
        leaderboard,
      );
    return leaderboard;
  },
};
