import {
  defaultStrategy,
  evaluateAny,
  exportOnnx,
  openStore,
  strategies,
  trainHead,
  trainingRows,
  trainOptions,
  type DecisionFit,
  type HeldOutSet,
} from '../../index.js';
import { flagsFrom, pick, type Command, type Flag } from '../command.js';
import { printFit } from './calibrate.js';
import { manyScores } from './evaluate.js';
import { decisionFlags, decisionFrom, required, strategyFlags, threadsFlag, without } from './shared.js';

const { epochs, batchSize, learningRate, standardize, seed } = trainOptions;
const trainingFlags: Record<string, Flag> = {
  strategy: {
    type: 'string',
    value: Object.keys(strategies).join('|'),
    help: `how the head is trained; default: ${defaultStrategy.one}, for rows with any number of labels ${defaultStrategy.many}`,
  },
  ...flagsFrom({ epochs, batchSize, learningRate, standardize, seed }),
  ...threadsFlag,
};
const optionFlags = without(strategyFlags, { ...trainingFlags, ...decisionFlags });

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
    ...trainingFlags,
    ...decisionFlags,
    ...optionFlags,
  },
  example: 'equipoise train flowers-run/store --split default --strategy eos --out head.onnx',
  async run([path = ''], flags, context) {
    const out = required(flags, 'out', 'an .onnx file');
    const store = await openStore(path);
    const { split } = flags as { split?: string };
    const train = await trainingRows(store, { split, resampled: true });
    const held = async (part: 'validation' | 'test'): Promise<HeldOutSet | undefined> => {
      if (split === undefined) return undefined;
      const set = await store.read({ split, part });
      return set.labels.length > 0 ? set : undefined;
    };
    const validation = await held('validation');
    const head = await trainHead(train, {
      strategy: defaultStrategy[train.targets ? 'many' : 'one'],
      strategyOptions: pick(flags, optionFlags),
      ...pick(flags, trainingFlags),
      ...decisionFrom(flags),
      ...(validation && { validation }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    const { backbone: madeBy } = store.manifest;
    const report = await exportOnnx(head, {
      path: out,
      sampleRows: train.embeddings,
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
