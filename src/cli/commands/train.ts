import {
  evaluate,
  evaluateMultiLabel,
  exportOnnx,
  openRows,
  openStore,
  sampleRows,
  strategies,
  trainHead,
  trainingRows,
  trainOptions,
  type DecisionFit,
} from '../../index.js';
import { flagsFrom, pick, type Command, type Flag } from '../command.js';
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

const { epochs, batchSize, learningRate, standardize, seed } = trainOptions;
const trainingFlags: Record<string, Flag> = {
  strategy: {
    type: 'string',
    value: Object.keys(strategies).join('|'),
    help: 'how the head is trained',
    default: 'eos',
  },
  ...flagsFrom({ epochs, batchSize, learningRate, standardize, seed }),
  ...threadsFlag,
};
/** Rows that a part may lack. */
const unlessEmpty = <S extends { readonly labels: Int32Array }>(set: S): S | undefined =>
  set.labels.length > 0 ? set : undefined;

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
    ...memoryFlag,
    ...trainingFlags,
    ...decisionFlags,
    ...optionFlags,
  },
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
      strategy: 'eos',
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
      sampleRows: await sampleRows(train),
      ...(train.columns && { columns: train.columns }),
      ...(madeBy && {
        embeddedWith: { id: madeBy.id, fileSha256: madeBy.sha256, recipeHash: madeBy.recipeHash, dim: store.dim },
      }),
    });
    const test = await held('test');
    const many = test?.targets && (await evaluateMultiLabel(head, test));
    const one = test && !test.targets && (await evaluate(head, test, { trainCounts: train.classCounts }));
    const evaluation = many ?? one;
    context.print(
      `${out}: epoch ${head.bestEpoch + 1} of ${head.history.length}, ${report.bytes} bytes, agrees with the trained head to ${report.largestDifference.toExponential(1)}`,
    );
    const fit = head.decision?.fit as DecisionFit | undefined;
    if (fit) printFit(fit, context);
    if (many) context.print(`test: ${manyScores(many)}`);
    if (one)
      context.print(`test: balanced accuracy ${one.balancedAccuracy.toFixed(3)}, macro F1 ${one.macroF1.toFixed(3)}`);
    return {
      head: out,
      settings: head.settings,
      ...(fit && { fit }),
      export: report,
      ...(evaluation && { evaluation }),
    };
  },
};
