import {
  embedOptions,
  evaluateModel,
  formatTable,
  type ModelEvaluation,
  type MultiLabelEvaluation,
} from '../../index.js';
import { flagsFrom, pick, type Command, type Context } from '../command.js';
import { datasetFlags, datasetOptions, memoryBytesOf, memoryFlag, threadsFlag } from './shared.js';

const share = (value: number) => value.toFixed(3);

/** What is said of rows with any number of labels. */
export function manyScores(evaluation: MultiLabelEvaluation): string {
  const { macroF1, microF1, meanAveragePrecision, hammingLoss, subsetAccuracy } = evaluation;
  return `macro F1 ${share(macroF1)} · micro F1 ${share(microF1)} · mean average precision ${share(meanAveragePrecision)} · Hamming loss ${share(hammingLoss)} · subset accuracy ${share(subsetAccuracy)}`;
}

function print(evaluation: ModelEvaluation, context: Context): void {
  const many = 'meanAveragePrecision' in evaluation;
  context.print(
    formatTable({
      columns: [
        { title: 'class' },
        ...['support', 'precision', 'recall', 'F1', ...(many ? ['average precision', 'threshold'] : [])].map(
          (title) => ({ title, align: 'right' as const }),
        ),
      ],
      rows: evaluation.perClass.map((scores) => [
        scores.name,
        String(scores.support),
        ...[scores.precision, scores.recall, scores.f1].map(share),
        ...('threshold' in scores
          ? [scores.averagePrecision === null ? '–' : share(scores.averagePrecision), share(scores.threshold)]
          : []),
      ]),
    }),
  );
  context.print('');
  if (evaluation.failures.length > 0) context.print(`${evaluation.failures.length} items failed and count nowhere`);
  if (many) {
    context.print(manyScores(evaluation));
    return;
  }
  const { balancedAccuracy, macroF1, geometricMeanClass, geometricMeanMacro, accuracy } = evaluation;
  context.print(
    `balanced accuracy ${share(balancedAccuracy)} · macro F1 ${share(macroF1)} · G-mean (class) ${share(geometricMeanClass)} · G-mean (macro) ${share(geometricMeanMacro)} · accuracy ${share(accuracy)}`,
  );
}

export const evaluateCommand: Command = {
  name: 'evaluate',
  summary: 'Judge a head on the rows of a store, or a classifier on the items of a dataset.',
  positionals: [
    { name: 'MODEL', help: 'head.onnx or classifier.onnx' },
    { name: 'STORE|DATA', help: 'a store for a head, labelled data for a classifier' },
  ],
  flags: {
    split: { type: 'string', value: 'NAME', help: 'split of the store' },
    ...datasetFlags,
    part: {
      type: 'string',
      value: 'train|validation|test',
      help: 'part of that split (default test), or of DATA that has several side by side (default train)',
    },
    ...flagsFrom({ maxFailRate: embedOptions.maxFailRate }),
    ...memoryFlag,
    ...threadsFlag,
  },
  example: 'equipoise evaluate flowers-run/head.onnx flowers-run/store --split default',
  async run([model = '', data = ''], flags, context) {
    const { part: _, ...dataset } = datasetOptions(flags);
    const evaluation = await evaluateModel(model, data, {
      ...pick(flags, { split: 0, part: 0, maxFailRate: 0, threads: 0 }),
      dataset,
      ...memoryBytesOf(flags),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    print(evaluation, context);
    return evaluation;
  },
};
