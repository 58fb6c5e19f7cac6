import { formatTable, hasLeaks, inspect, type Inspection } from '../../index.js';
import { Finding, type Command, type Context } from '../command.js';
import { datasetFlags, datasetOptions } from './shared.js';

function printCounts(
  { classes, unlabelled, imbalanceRatio }: Extract<Inspection, { kind: 'dataset' | 'store' }>,
  context: Context,
): void {
  const total = classes.reduce((sum, { count }) => sum + count, 0);
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
  for (const [name, audit] of Object.entries(inspection.leaks ?? {}))
    context.print(
      audit.clean
        ? `split ${name}: no leaks`
        : `split ${name} leaks: ${audit.duplicates.length} duplicates across parts, ${audit.groups.length} groups, ${audit.parents.length} parents`,
    );
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
    ...datasetFlags,
  },
  example: 'equipoise inspect flowers-run/store --leaks',
  async run([path = ''], flags, context) {
    const inspection = await inspect(path, { leaks: flags['leaks'] === true, dataset: datasetOptions(flags) });
    print(inspection, path, context);
    if (inspection.kind === 'store' && hasLeaks(inspection))
      throw new Finding(
        'ERR_DATA',
        `${path} leaks between the parts of a split (listed above). Split it again so that they stay together, or remove the duplicates`,
        inspection,
      );
    return inspection;
  },
};
