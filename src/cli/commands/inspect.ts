import { formatTable, hasLeaks, inspect, type Inspection } from '../../index.js';
import { Finding, type Command, type Context } from '../command.js';
import { datasetFlags, datasetOptions, memoryBytesOf, memoryFlag } from './shared.js';

/** Leaks of a kind, and rows of each, that are printed; --json has them all. */
const shownLeaks = 3;

function printCounts(
  {
    classes,
    count: items,
    unlabelled,
    targets,
    withoutClass,
    imbalanceRatio,
  }: Extract<Inspection, { kind: 'dataset' | 'store' }>,
  context: Context,
): void {
  const labels = classes.reduce((sum, { count }) => sum + count, 0);
  const labelled = items - unlabelled;
  const total = targets === 'many' ? labelled : labels;
  context.print('');
  context.print(
    formatTable({
      columns: [{ title: 'class' }, { title: 'items', align: 'right' }, { title: 'share', align: 'right' }],
      rows: classes.map(({ name, count }) => [
        name,
        String(count),
        `${((100 * count) / Math.max(1, total)).toFixed(1)} %`,
      ]),
    }),
  );
  context.print('');
  if (imbalanceRatio !== null)
    context.print(`imbalance ratio ${imbalanceRatio.toFixed(1)}:1 (largest to smallest class)`);
  if (targets === 'many')
    context.print(
      `any number of labels an item: ${(labels / Math.max(1, labelled)).toFixed(2)} on average, ${withoutClass} items with none of the classes`,
    );
  if (unlabelled > 0) context.print(`${unlabelled} without a label`);
}

function print(inspection: Inspection, path: string, context: Context): void {
  if (inspection.kind === 'model') {
    const { model, penultimate } = inspection;
    const tensor = ({ name, dtype, shape }: (typeof model.inputs)[number]) => [
      name,
      dtype,
      shape ? `[${shape.join(', ')}]` : 'unknown',
    ];
    context.print(`${path}: ONNX, opset ${model.opset}, ${model.nodes} nodes`);
    context.print(
      formatTable({
        columns: [{ title: '' }, { title: 'tensor' }, { title: 'dtype' }, { title: 'shape' }],
        rows: [
          ...model.inputs.map((input) => ['input', ...tensor(input)]),
          ...model.outputs.map((output) => ['output', ...tensor(output)]),
        ],
      }),
    );
    if (penultimate !== null)
      context.print(`penultimate tensor: ${penultimate} (take it with --backbone-output penultimate)`);
    for (const [key, value] of Object.entries(model.metadata))
      context.print(`${key}: ${value.length > 100 ? `${value.slice(0, 97)}...` : value}`);
    return;
  }
  if (inspection.kind === 'dataset') {
    context.print(
      `${path}: ${inspection.count} ${inspection.modality} items (${inspection.format})${inspection.columns === null ? '' : `, ${inspection.columns} columns`}`,
    );
    for (const note of inspection.notes) context.print(`  ${note}`);
    printCounts(inspection, context);
    return;
  }
  context.print(
    `${path}: store of ${inspection.count} rows x ${inspection.dim} ${inspection.dtype}, ${inspection.shards} shards, ${(inspection.bytes / 1e6).toFixed(1)} MB${inspection.backbone === null ? '' : `, by ${inspection.backbone}`}${inspection.resampled ? ', resampled' : ''}`,
  );
  for (const [name, parts] of Object.entries(inspection.splits))
    context.print(
      `split ${name}: ${Object.entries(parts)
        .map(([part, rows]) => `${part} ${rows}`)
        .join(', ')}`,
    );
  if (inspection.failures > 0) context.print(`${inspection.failures} items failed (failures.jsonl)`);
  printCounts(inspection, context);
  if (inspection.augmentation) context.print(`augmented: ${JSON.stringify(inspection.augmentation)}`);
  for (const { id, base, other, step, parents } of inspection.provenance)
    context.print(
      parents
        ? `${id} was made of ${parents.join(', ')}`
        : `${id} = ${base} + ${step?.toFixed(4)} · (${other} − ${base})`,
    );
  context.print(`${inspection.duplicateRows} rows share their embedding with another row`);
  for (const [name, audit] of Object.entries(inspection.leaks ?? {})) {
    const found = (
      [
        ['duplicates across parts', audit.duplicates],
        ['near duplicates', audit.nearDuplicates],
        ['groups', audit.groups],
        ['parents of augmented rows', audit.parents],
        ['held-out parents of synthetic rows', audit.syntheticParents],
      ] as const
    ).filter(([, leaks = []]) => leaks.length > 0);
    context.print(
      audit.clean
        ? `split ${name}: no leaks`
        : `split ${name} leaks: ${found.map(([what, leaks = []]) => `${leaks.length} ${what}`).join(', ')}`,
    );
    for (const [what, leaks = []] of found)
      for (const { rows } of leaks.slice(0, shownLeaks))
        context.print(
          `  ${what}: ${rows
            .slice(0, shownLeaks)
            .map(({ part, id }) => `${id} (${part})`)
            .join(', ')}${rows.length > shownLeaks ? ', …' : ''}`,
        );
  }
}

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'Tell what is in a dataset, a store or an ONNX file.',
  positionals: [{ name: 'PATH', help: 'dataset, store or .onnx file' }],
  flags: {
    leaks: {
      type: 'boolean',
      help: 'look for leaks between the parts of the splits of a store; exit code 1 when there are any',
    },
    of: {
      type: 'string',
      value: 'STORE',
      help: 'with --leaks, for a resampled store: the store it was made from, whose held-out rows its rows are held against',
    },
    nearThreshold: {
      type: 'number',
      help: 'with --leaks: also look for near duplicates, rows at most so far apart as a share of the typical distance between two; 0.02 finds recompressed images, but rows of few columns are that near by chance',
    },
    ...memoryFlag,
    ...datasetFlags,
  },
  example: 'equipoise inspect flowers-run/store --leaks',
  async run([path = ''], flags, context) {
    const { leaks = false, of, nearThreshold } = flags as { leaks?: boolean; of?: string; nearThreshold?: number };
    const inspection = await inspect(path, {
      leaks,
      ...(of !== undefined && { of }),
      ...(nearThreshold !== undefined && { nearThreshold }),
      ...memoryBytesOf(flags),
      dataset: datasetOptions(flags),
    });
    print(inspection, path, context);
    if (inspection.kind === 'store' && hasLeaks(inspection))
      throw new Finding(
        'ERR_DATA',
        inspection.resampled
          ? `${path} leaks into held-out rows of ${of} (listed above). Judge by the split whose training part was resampled, or resample the training part of this one`
          : `${path} leaks between the parts of a split (listed above). Split it again so that they stay together, or remove the duplicates`,
        inspection,
      );
    return inspection;
  },
};
