import { EquipoiseError, loadClassifier, openDataset, type Classifier, type OpenDatasetOptions } from '../../index.js';
import { pick, type Command, type Flag } from '../command.js';
import { datasetFlags, datasetOptions, threadsFlag } from './shared.js';

const runFlags: Record<string, Flag> = {
  batchSize: { type: 'integer', help: 'items a run of the model', default: '32' },
  ...threadsFlag,
};

/** Without labels a column of words might be the label: the classifier knows which it was trained on. */
function categoriesOf({ recipe }: Classifier): OpenDatasetOptions {
  const columns = recipe.modality === 'table' ? (recipe.columns ?? []) : [];
  const categorical = [
    ...new Set(columns.flatMap(({ kind, source }) => (kind === 'one-hot' && source ? [source] : []))),
  ];
  return categorical.length > 0 ? { categorical } : {};
}

export const predictCommand: Command = {
  name: 'predict',
  summary: 'Classify items with a classifier; one line of JSON an item on standard output.',
  positionals: [
    { name: 'MODEL', help: 'classifier.onnx' },
    { name: 'DATA', help: 'items as for run; labels are not needed' },
  ],
  flags: {
    ...runFlags,
    maxFailRate: { type: 'number', help: 'share of items that may fail before the exit code says so', default: '0.01' },
    ...datasetFlags,
    json: { type: 'boolean', help: 'silence the notes on standard error; the lines are JSON in any case' },
  },
  example: 'equipoise predict flowers-run/classifier.onnx new-photos',
  async run([model = '', data = ''], flags, context) {
    const classifier = await loadClassifier(model);
    try {
      const dataset = await openDataset(data, {
        ...categoriesOf(classifier),
        ...datasetOptions(flags),
        labelled: false,
      });
      dataset.notes.forEach((note) => context.say(note));
      const { maxFailRate = 0.01 } = flags as { maxFailRate?: number };
      let done = 0;
      let failed = 0;
      const options = { ...pick(flags, runFlags), signal: context.signal };
      for await (const prediction of classifier.predict(dataset, options)) {
        // JSON lines are the result with or without --json.
        process.stdout.write(`${JSON.stringify(prediction)}\n`);
        if (prediction.error !== undefined) failed++;
        context.onProgress({ stage: 'predict', done: ++done, total: dataset.count });
      }
      context.say(`${done - failed} of ${done} items classified; ${failed} failed`);
      if (failed > maxFailRate * done)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected at most ${Number((100 * maxFailRate).toFixed(3))} % of the items to fail but ${failed} of ${done} did; their lines have "error". Allow more with --max-fail-rate`,
        );
      return undefined;
    } finally {
      await classifier.close();
    }
  },
};
