import {
  addBackbone,
  EquipoiseError,
  formatTable,
  listBackbones,
  pullBackbone,
  unknownName,
  verifyBackbones,
  type BackboneOptions,
  type Installed,
} from '../../index.js';
import { Finding, pick, type Command, type Context, type FlagValues } from '../command.js';
import { backboneFlags } from './shared.js';

const actions = ['list', 'verify', 'pull', 'add'];

const pullFlags = {
  from: { type: 'string', value: 'FOLDER|FILE', help: 'pull: take the files from here instead of their addresses' },
  trust: { type: 'boolean', help: 'pull: accept a file whose sha256 nobody declared, and record it' },
} as const;

const addFlags = {
  id: { type: 'string', value: 'NAME', help: 'add: its name; by default that of the folder or file' },
  license: { type: 'string', value: 'TEXT', help: 'add: under which licence the weights are' },
  source: { type: 'string', value: 'TEXT', help: 'add: where they are from' },
  sha256: { type: 'string', value: 'HEX', help: 'add: of the file at an address, checked' },
} as const;

const offline = {
  type: 'boolean',
  help: 'refuse to ask the network (also: EQUIPOISE_OFFLINE=1)',
} as const;

const { backbone: _, ...openingFlags } = backboneFlags;

/** Flags of one action are no flags of another. */
function assertOwn(action: string, flags: FlagValues, allowed: object): void {
  const stray = Object.keys({ ...pullFlags, ...addFlags, ...openingFlags, offline }).find(
    (name) => name in flags && !(name in allowed),
  );
  if (stray !== undefined)
    throw new EquipoiseError('ERR_OPTION', `Option ${stray} does not apply to "models ${action}". Leave it out`);
}

async function list(context: Context): Promise<unknown> {
  const backbones = await listBackbones();
  context.print(
    formatTable({
      columns: [
        { title: 'id' },
        { title: 'takes' },
        { title: 'dim', align: 'right' },
        { title: 'files' },
        { title: 'licence' },
      ],
      rows: backbones.map(({ id, modality, dim, complete, license }) => [
        id,
        modality,
        String(dim ?? ''),
        complete ? 'here' : 'to pull',
        license ?? '',
      ]),
    }),
  );
  return { backbones };
}

async function verify(id: string | undefined, context: Context): Promise<unknown> {
  const backbones = await verifyBackbones(id);
  context.print(
    formatTable({
      columns: [{ title: 'id' }, { title: 'files' }],
      rows: backbones.map(({ id: name, files }) => [name, files]),
    }),
  );
  // What was never fetched is no fault, unless it was asked for by name.
  const bad = backbones.filter(
    ({ files }) => !/^(ok|opens;)/.test(files) && (id !== undefined || !files.startsWith('not here')),
  );
  if (bad.length > 0)
    throw new Finding(
      'ERR_INTEGRITY',
      `${bad.length} of ${backbones.length} backbones are not as declared (listed above)`,
      { backbones },
    );
  return { backbones };
}

function told({ id, path, spec }: Installed, context: Context): unknown {
  context.print(`${id} is in ${path}: --backbone ${id}`);
  context.print(
    `sha256 ${spec.onnx.sha256} (${spec.onnx.bytes} bytes)${spec.license ? `; licence: ${spec.license}` : ''}`,
  );
  return { id, path, spec };
}

export const modelsCommand: Command = {
  name: 'models',
  summary: 'List backbones, fetch one, give one a name, or check their files against their hashes.',
  positionals: [
    { name: 'list|verify|pull|add', help: 'what to do' },
    { name: 'ID|PLACE', help: 'pull, verify: a name; add: a folder, an .onnx file or its address', optional: true },
  ],
  flags: { ...pullFlags, ...addFlags, offline, ...openingFlags },
  example: 'equipoise models pull all-MiniLM-L6-v2',
  async run([action = '', place], flags, context) {
    if (!actions.includes(action)) throw unknownName('action', action, actions);
    if (action === 'list' && place !== undefined)
      throw new EquipoiseError('ERR_OPTION', `Unexpected argument ${JSON.stringify(place)} for "models list"`);
    if (action === 'list' || action === 'verify') {
      assertOwn(action, flags, {});
      return action === 'list' ? list(context) : verify(place, context);
    }
    if (place === undefined)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected ${action === 'pull' ? 'the name of a backbone' : 'a folder, an .onnx file or an address'} for "models ${action}" but received nothing`,
      );
    const { signal, onProgress } = context;
    if (action === 'pull') {
      assertOwn(action, flags, { ...pullFlags, offline });
      return told(
        await pullBackbone(place, { ...pick(flags, { ...pullFlags, offline }), signal, onProgress }),
        context,
      );
    }
    assertOwn(action, flags, { ...addFlags, ...openingFlags, offline });
    const {
      backboneInput: input,
      backboneOutput: output,
      ...rest
    } = pick(flags, openingFlags) as Record<string, string>;
    const backbone = {
      ...rest,
      ...(input !== undefined && { input }),
      ...(output !== undefined && { output }),
    } as BackboneOptions;
    return told(
      await addBackbone(place, { ...pick(flags, { ...addFlags, offline }), backbone, signal, onProgress }),
      context,
    );
  },
};
