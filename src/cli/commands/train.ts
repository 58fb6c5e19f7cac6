import {
  evaluate,
  exportOnnx,
  openStore,
  asTraining,
  strategies,
  trainHead,
  trainOptions,
  type HeldOutSet,
  type TrainingSet,
} from '../../index.js';
import { EquipoiseError } from '../../index.js';
import { flagsFrom, pick, type Command, type Flag } from '../command.js';
import { declaredOptions, required, strategyFlags, threadsFlag } from './shared.js';

const { epochs, batchSize, learningRate, standardize, seed } = trainOptions;
const ownFlags: Record<string, Flag> = {
  strategy: {
    type: 'string',
    value: Object.keys(strategies).join('|'),
    help: 'how the head is trained',
    default: 'eos',
  },
  out: { type: 'string', value: 'FILE', help: 'the head, an ONNX file' },
  split: {
    type: 'string',
    value: 'NAME',
    help: 'split to train, choose and judge on; without it all rows are training rows',
  },
  ...flagsFrom({ epochs, batchSize, learningRate, seed }),
  standardize: { type: 'boolean', help: `${standardize.help}` },
  ...threadsFlag,
};
const optionFlags = Object.fromEntries(Object.entries(strategyFlags).filter(([name]) => !(name in ownFlags)));

export const trainCommand: Command = {
  name: 'train',
  summary: 'Train a head on the rows of a store and write it as ONNX.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: { ...ownFlags, ...optionFlags },
  example: 'equipoise train flowers-run/store --split default --strategy eos --out head.onnx',
  async run([path = ''], flags, context) {
    const out = required(flags, 'out', 'an .onnx file');
    const store = await openStore(path);
    const split = flags['split'];
    if (split === undefined && store.splits().length > 0)
      throw new EquipoiseError(
        'ERR_OPTION',
        `${path} has the splits ${store.splits().join(', ')}. Name one with --split, so that its test rows stay out of training`,
      );
    const named = typeof split === 'string' ? split : undefined;
    const train: TrainingSet =
      named === undefined ? asTraining(await store.read()) : await store.read({ split: named, part: 'train' });
    const held = async (part: 'validation' | 'test'): Promise<HeldOutSet | undefined> => {
      if (named === undefined) return undefined;
      const set = await store.read({ split: named, part });
      return set.labels.length > 0 ? set : undefined;
    };
    const validation = await held('validation');
    const settings: Record<string, unknown> = pick(flags, [
      'epochs',
      'batchSize',
      'learningRate',
      'standardize',
      'seed',
      'threads',
    ]);
    for (const name of ['epochs', 'learningRate'])
      if (typeof settings[name] === 'string' && settings[name] !== 'auto') settings[name] = Number(settings[name]);
    const head = await trainHead(train, {
      strategy: typeof flags['strategy'] === 'string' ? flags['strategy'] : 'eos',
      strategyOptions: declaredOptions(flags, optionFlags),
      ...settings,
      ...(validation && { validation }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    const report = await exportOnnx(head, {
      path: out,
      sampleRows: train.embeddings,
      ...(train.columns && { columns: train.columns }),
    });
    const test = await held('test');
    const evaluation = test && (await evaluate(head, test, { trainCounts: train.classCounts }));
    context.print(
      `${out}: epoch ${head.bestEpoch + 1} of ${head.history.length}, ${report.bytes} bytes, agrees with the trained head to ${report.largestDifference.toExponential(1)}`,
    );
    if (evaluation)
      context.print(
        `test: balanced accuracy ${evaluation.balancedAccuracy.toFixed(3)}, macro F1 ${evaluation.macroF1.toFixed(3)}`,
      );
    return { head: out, settings: head.settings, export: report, ...(evaluation && { evaluation }) };
  },
};
