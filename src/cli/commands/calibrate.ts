import { calibrateModel, calibrateOptions, formatTable, type DecisionFit } from '../../index.js';
import { flagsFrom, pick, type Command, type Context } from '../command.js';
import { decisionFlags, decisionFrom, memoryBytesOf, memoryFlag, required } from './shared.js';

/** Says what was found, what it changed, and how much of that may be chance. */
export function printFit({ rows, calibration, before, after, decision }: DecisionFit, context: Context): void {
  for (const { name, options: _, ...found } of calibration) context.print(`${String(name)}: ${JSON.stringify(found)}`);
  if (before && after)
    context.print(
      formatTable({
        columns: [
          { title: `on the ${rows} rows fitted on` },
          ...['log loss', 'Brier score', 'ECE', 'adaptive ECE'].map((title) => ({ title, align: 'right' as const })),
        ],
        rows: [['before', before] as const, ['after', after] as const].map(
          ([name, { logLoss, brierScore, expectedCalibrationError, adaptiveCalibrationError }]) => [
            name,
            ...[logLoss, brierScore, expectedCalibrationError, adaptiveCalibrationError].map((value) =>
              value.toFixed(4),
            ),
          ],
        ),
      }),
    );
  if (decision)
    context.print(
      `${decision.rule} for ${decision.metric}: ${decision.before.toFixed(3)} before, ${decision.after.toFixed(3)} after, on the rows fitted on. ${decision.crossValidated.sentence}`,
    );
}

export const calibrateCommand: Command = {
  name: 'calibrate',
  summary: 'Fit calibration and a decision rule to a head, on held-out rows; both are nodes of the file it writes.',
  positionals: [
    { name: 'HEAD', help: 'head.onnx' },
    { name: 'STORE', help: 'the embedded dataset that it was trained on, or held-out rows alone' },
  ],
  flags: {
    out: { type: 'string', value: 'FILE', help: 'the calibrated head, an ONNX file' },
    split: {
      type: 'string',
      value: 'NAME',
      help: 'split whose validation rows are taken; a store without splits is held-out rows',
    },
    ...memoryFlag,
    ...decisionFlags,
    ...flagsFrom({ seed: calibrateOptions.seed }),
  },
  example:
    'equipoise calibrate head.onnx flowers-run/store --split default --calibration temperature --decision macro-f1 --out sure.onnx',
  async run([head = '', store = ''], flags, context) {
    const { fit, export: report } = await calibrateModel(head, store, {
      out: required(flags, 'out', 'an .onnx file'),
      ...pick(flags, { split: 0, seed: 0 }),
      ...decisionFrom(flags),
      ...memoryBytesOf(flags),
    });
    printFit(fit, context);
    context.print(
      `${report.path}: ${report.bytes} bytes, agrees with the head to ${report.largestDifference.toExponential(1)}`,
    );
    return { head: report.path, fit, export: report };
  },
};
