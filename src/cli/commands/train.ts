import {
  batchSamplers,
  defaultStrategy,
  EquipoiseError,
  evaluateAny,
  exportOnnx,
  losses,
  mixes,
  openRows,
  openStore,
  pairings,
  sampleRows,
  samplers,
  strategies,
  trainHead,
  trainingRows,
  trainOptions,
  type DecisionFit,
  type TrainHeadOptions,
} from '../../index.js';
import { flagsFrom, kebab, pick, type Command, type Flag, type FlagValues } from '../command.js';
import { printFit } from './calibrate.js';
import { manyScores } from './evaluate.js';
import {
  decisionFlags,
  decisionFrom,
  memoryBytesOf,
  memoryFlag,
  required,
  sayOnDisk,
  strategyFlags,
  threadsFlag,
  without,
} from './shared.js';

const { head, optimizer, schedule, epochs, batchSize, learningRate, standardize, seed } = trainOptions;
const { loss, sampler, mix, pairing, batchSampler } = trainOptions;
const trainingFlags: Record<string, Flag> = {
  strategy: {
    type: 'string',
    value: Object.keys(strategies).join('|'),
    help: `how the head is trained; default: ${defaultStrategy.one}, for rows with any number of labels ${defaultStrategy.many}`,
  },
  ...flagsFrom({ head, optimizer, schedule, epochs, batchSize, learningRate, standardize, seed }),
  ...threadsFlag,
};
/** Rows that a part may lack. */
const unlessEmpty = <S extends { readonly labels: Int32Array }>(set: S): S | undefined =>
  set.labels.length > 0 ? set : undefined;

const optionFlags = without(strategyFlags, { ...trainingFlags, ...decisionFlags });
const partRegistries = { loss: losses, sampler: samplers, mix: mixes, pairing: pairings, batchSampler: batchSamplers };
/** What a strategy would choose: given without one, they take its place. Some strategies have options of these names. */
const partFlags = Object.fromEntries(
  Object.entries(flagsFrom({ loss, sampler, mix, pairing, batchSampler })).map(([name, flag]): [string, Flag] => [
    name,
    {
      ...flag,
      value: Object.keys(partRegistries[name as keyof typeof partRegistries]).join('|'),
      help: `${flag.help}; in place of a strategy, by name or as '{"name": …, …options}'`,
    },
  ]),
);

/** The strategy with its options, or the parts that stand for one. */
function method(flags: FlagValues, usual: string): Pick<TrainHeadOptions, 'strategy' | 'strategyOptions'> {
  const parts = pick(flags, partFlags);
  if (flags['strategy'] === undefined && Object.keys(parts).length > 0) {
    const others = pick(flags, without(optionFlags, partFlags));
    const [option] = Object.keys(others);
    if (option !== undefined) {
      const [part] = Object.keys(parts) as [string];
      throw new EquipoiseError(
        'ERR_OPTION',
        `Option --${kebab(option)} is one of a strategy, which --${kebab(part)} takes the place of. Give options beside the name: --${kebab(part)} '{"name": …, "${option}": …}'`,
      );
    }
    return parts;
  }
  const strategyOptions = pick(flags, optionFlags);
  return {
    strategy: usual,
    ...pick(flags, { strategy: 0 }),
    strategyOptions,
    ...pick(flags, without(partFlags, optionFlags)),
  };
}

export const trainCommand: Command = {
  name: 'train',
  summary: 'Train a head on the rows of a store and write it as ONNX.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    out: { type: 'string', value: 'FILE', help: 'the head, an ONNX file' },
    split: {
      type: 'string',
      value: 'NAME',
      help: 'split to train, choose and judge on; a store without splits is training rows only',
    },
    ...memoryFlag,
    ...trainingFlags,
    ...decisionFlags,
    ...optionFlags,
    ...partFlags,
  },
  chosen: { flag: 'strategy', of: strategies, flags: without(optionFlags, partFlags) },
  example: 'equipoise train flowers-run/store --split default --strategy eos --out head.onnx',
  async run([path = ''], flags, context) {
    const out = required(flags, 'out', 'an .onnx file');
    const store = await openStore(path);
    const { split } = flags as { split?: string };
    const { memoryBytes } = memoryBytesOf(flags);
    const train = await trainingRows(store, { split, resampled: true, memoryBytes });
    sayOnDisk(train, context);
    const held = async (part: 'validation' | 'test') =>
      split === undefined ? undefined : unlessEmpty(await openRows(store, { split, part }, memoryBytes));
    const validation = await held('validation');
    const head = await trainHead(train, {
      ...method(flags, defaultStrategy[train.targets ? 'many' : 'one']),
      ...pick(flags, without(trainingFlags, { strategy: 0 })),
      ...decisionFrom(flags),
      ...(validation && { validation }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    const { backbone: madeBy } = store.manifest;
    const report = await exportOnnx(head, {
      path: out,
      sampleRows: await sampleRows(train),
      ...(train.columns && { columns: train.columns }),
      ...(madeBy && {
        embeddedWith: { id: madeBy.id, fileSha256: madeBy.sha256, recipeHash: madeBy.recipeHash, dim: store.dim },
      }),
    });
    const test = await held('test');
    const evaluation = test && (await evaluateAny(head, test, { trainCounts: train.classCounts }));
    context.print(
      `${out}: epoch ${head.bestEpoch + 1} of ${head.history.length}, ${report.bytes} bytes, agrees with the trained head to ${report.largestDifference.toExponential(1)}`,
    );
    const fit = head.decision?.fit as DecisionFit | undefined;
    if (fit) printFit(fit, context);
    if (evaluation)
      context.print(
        'meanAveragePrecision' in evaluation
          ? `test: ${manyScores(evaluation)}`
          : `test: balanced accuracy ${evaluation.balancedAccuracy.toFixed(3)}, macro F1 ${evaluation.macroF1.toFixed(3)}`,
      );
    return {
      head: out,
      settings: head.settings,
      ...(fit && { fit }),
      export: report,
      ...(evaluation && { evaluation }),
    };
  },
};
