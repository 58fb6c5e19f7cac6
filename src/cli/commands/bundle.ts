import { bundle } from '../../index.js';
import { pick, type Command } from '../command.js';
import { backboneFlags, datasetFlags, datasetOptions, required } from './shared.js';

export const bundleCommand: Command = {
  name: 'bundle',
  summary: 'Join a head with its backbone into one ONNX file; both paths are compared on real items.',
  positionals: [{ name: 'HEAD', help: 'head.onnx' }],
  flags: {
    data: { type: 'string', value: 'DATA', help: 'a dataset whose items go through both paths' },
    out: { type: 'string', value: 'FILE', help: 'the classifier, an ONNX file' },
    ...backboneFlags,
    ...datasetFlags,
  },
  example: 'equipoise bundle head.onnx --backbone tiny-image --data flowers/test --out classifier.onnx',
  async run([head = ''], flags, context) {
    const report = await bundle(head, {
      ...pick(flags, backboneFlags),
      out: required(flags, 'out', 'an .onnx file'),
      data: required(flags, 'data', 'a dataset of a few items'),
      dataset: datasetOptions(flags),
    });
    context.print(
      `${report.path}: ${report.bytes} bytes; ${report.rows} items agree to ${report.largestDifference.toExponential(1)} (tolerance ${report.tolerance.toExponential(1)})`,
    );
    return report;
  },
};
