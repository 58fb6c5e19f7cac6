import { formatTable, listBackbones, openBackbone, unknownName } from '../../index.js';
import { Finding, type Command } from '../command.js';

const actions = ['list', 'verify'];

export const modelsCommand: Command = {
  name: 'models',
  summary: 'List the backbones that are here, or check their files against their hashes.',
  positionals: [{ name: 'list|verify', help: 'what to do' }],
  flags: {},
  example: 'equipoise models list',
  async run([action = ''], _, context) {
    if (!actions.includes(action)) throw unknownName('action', action, actions);
    const backbones = await listBackbones();
    const verified = new Map<string, string>();
    if (action === 'verify')
      for (const { id } of backbones)
        verified.set(
          id,
          await openBackbone(id).then(
            () => 'ok',
            (error: Error) => error.message,
          ),
        );
    context.print(
      formatTable({
        columns: [
          { title: 'id' },
          { title: 'takes' },
          { title: 'dim', align: 'right' },
          { title: 'licence' },
          ...(action === 'verify' ? [{ title: 'files' }] : []),
        ],
        rows: backbones.map(({ id, modality, dim, license }) => [
          id,
          modality,
          String(dim),
          license ?? '',
          ...(action === 'verify' ? [verified.get(id) ?? ''] : []),
        ]),
      }),
    );
    const result = {
      backbones: backbones.map((one) => ({ ...one, ...(verified.has(one.id) && { files: verified.get(one.id) }) })),
    };
    const bad = [...verified.values()].filter((text) => text !== 'ok').length;
    if (bad > 0)
      throw new Finding(
        'ERR_INTEGRITY',
        `${bad} of ${backbones.length} backbones are not as declared (listed above)`,
        result,
      );
    return result;
  },
};
