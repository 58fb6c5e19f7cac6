import { evaluateModel, formatTable, type Evaluation } from '../../index.js';
import type { Command, Context } from '../command.js';
import { datasetFlags, datasetOptions, threadsFlag } from './shared.js';

function print(evaluation: Evaluation, context: Context): void {
  const share = (value: number) => value.toFixed(3);
  context.print(
    formatTable({
      columns: [
        { title: 'class' },
        ...['support', 'precision', 'recall', 'F1'].map((title) => ({ title, align: 'right' as const })),
      ],
      rows: evaluation.perClass.map(({ name, support, precision, recall, f1 }) => [
        name,
        String(support),
        share(precision),
        share(recall),
        share(f1),
      ]),
    }),
  );
  context.print('');
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
    part: { type: 'string', value: 'train|validation|test', help: 'part of that split', default: 'test, with --split' },
    ...datasetFlags,
    ...threadsFlag,
  },
  example: 'equipoise evaluate flowers-run/head.onnx flowers-run/store --split default',
  async run([model = '', data = ''], flags, context) {
    const { split, threads } = flags as { split?: string; threads?: number };
    const part = (flags['part'] ?? (split === undefined ? undefined : 'test')) as
      'train' | 'validation' | 'test' | undefined;
    const evaluation = await evaluateModel(model, data, {
      ...(split !== undefined && { split }),
      ...(part !== undefined && { part }),
      ...(threads !== undefined && { threads }),
      dataset: datasetOptions(flags),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    print(evaluation, context);
    return evaluation;
  },
};
