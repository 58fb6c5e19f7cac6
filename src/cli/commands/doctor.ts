import { doctor, formatTable } from '../../index.js';
import { Finding, type Command } from '../command.js';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check by use what this machine offers: kernels, onnxruntime, image decoding.',
  positionals: [],
  flags: {},
  example: 'equipoise doctor',
  async run(_, __, context) {
    const report = await doctor();
    context.print(
      `equipoise ${report.equipoise} · node ${report.node} · ${report.platform} · ${report.processor} · ${report.threads} threads · ${(report.memoryBytes / 2 ** 30).toFixed(0)} GiB`,
    );
    context.print(
      formatTable({
        columns: [{ title: 'part' }, { title: '' }, { title: 'detail' }],
        rows: report.checks.map(({ name, ok, detail }) => [name, ok ? 'ok' : 'FAILS', detail]),
      }),
    );
    if (!report.ok) throw new Finding('ERR_ENVIRONMENT', 'Not everything works (listed above)', report);
    return report;
  },
};
