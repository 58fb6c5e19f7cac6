/** Who may import whom. The table below is the whole rule; a new arrow needs a new entry here, and a reason beside it. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { filesUnder, root } from './repository.js';

interface Room {
  /** Rooms it may import. */
  readonly rooms: readonly string[];
  /** Outside packages it may import; each belongs to as few rooms as can be. */
  readonly packages?: readonly string[];
  /** It runs in a browser too, so it imports nothing of Node. */
  readonly portable?: true;
}

const table: Readonly<Record<string, Room>> = {
  core: { rooms: [], packages: ['ndarray'], portable: true },
  // Results of searches are handed out as ndarray views.
  kernels: { rooms: ['core'], packages: ['ndarray'] },
  preprocess: { rooms: ['core', 'kernels'], packages: ['sharp', '@huggingface/tokenizers'] },
  // Fetches graphs: undici reads proxies from the environment, which Node's own fetch does not.
  backbone: { rooms: ['core', 'preprocess', 'onnx'], packages: ['#ort', 'undici'] },
  store: { rooms: ['core'], packages: ['apache-arrow'] },
  interchange: { rooms: ['core', 'store'], packages: ['hyparquet', 'hyparquet-writer', 'csv-parse', 'yauzl', 'yazl'] },
  dataset: { rooms: ['core', 'interchange'], packages: ['tar-stream'] },
  augment: { rooms: ['core', 'preprocess'] },
  // Asks kernels how many threads this machine allows.
  embed: { rooms: ['core', 'kernels', 'dataset', 'preprocess', 'augment', 'backbone', 'store'] },
  // Opens a store beside other processes and finishes it when all shards are there.
  distributed: { rooms: ['core', 'embed', 'store'], packages: ['bullmq', 'ioredis'] },
  mix: { rooms: ['core'], portable: true },
  loss: { rooms: ['core'], portable: true },
  head: { rooms: ['core', 'kernels', 'onnx'], portable: true },
  metric: { rooms: ['core', 'kernels'], portable: true },
  sampler: { rooms: ['core', 'kernels', 'mix'], portable: true },
  train: { rooms: ['core', 'kernels', 'head', 'loss', 'mix', 'sampler', 'metric'], portable: true },
  // Fitted to heads that are trained, by the optimizer that trains them.
  decision: { rooms: ['core', 'kernels', 'head', 'loss', 'metric', 'train'], portable: true },
  // Calibration and decision rule are the last step of a training that asks for them.
  strategy: { rooms: ['core', 'sampler', 'mix', 'loss', 'head', 'train', 'decision'], portable: true },
  audit: { rooms: ['core', 'kernels', 'sampler', 'store'] },
  // Splits a whole set anew for each seed, hands out the heads it trained, and makes the rows again that they were trained on.
  compare: { rooms: ['core', 'kernels', 'dataset', 'sampler', 'head', 'strategy', 'train', 'metric'] },
  // A leaderboard is one of the results it puts into words; so is what calibration and decision rules changed.
  report: { rooms: ['core', 'metric', 'compare', 'decision'], packages: ['vega', 'vega-lite'] },
  onnx: { rooms: ['core'], packages: ['@bufbuild/protobuf'] },
  classifier: { rooms: ['core', 'head', 'onnx', 'backbone', 'preprocess', 'dataset'] },
  // Draws its own pictures, so it needs the image library but nothing of the pipeline that reads them back.
  demo: { rooms: ['core'], packages: ['sharp'] },
  pipeline: { rooms: ['*'] },
  cli: { rooms: ['index.ts'] },
  // Re-exports only.
  'index.ts': { rooms: ['*'] },
};

/** Only files of this name may load the ONNX runtime: everything else asks them. */
const runtimeDoor = /^src\/backbone\/session[^/]*\.ts$/;

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const room = file.split('/')[1] as string;
  const specifiers = [
    ...text.matchAll(/^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g),
  ].map((match) => match[1] as string);
  return specifiers.map((specifier) => ({ file, room, specifier }));
}

/** Why an import is not allowed, or undefined where it is. */
function objection({ file, room, specifier }: Import): string | undefined {
  const allowed = table[room];
  if (allowed === undefined) return 'its room is not in the table';
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    if (target === 'package.json') return undefined;
    const to = target.split('/')[1]?.replace(/\.js$/, '.ts');
    if (!target.startsWith('src/') || to === undefined) return 'it leaves src';
    if (to === room || allowed.rooms.includes(to)) return undefined;
    if (allowed.rooms.includes('*') && to !== 'cli') return undefined;
    return `${room} may import ${allowed.rooms.join(', ') || 'no other room'}`;
  }
  if (specifier.startsWith('node:')) return allowed.portable ? `${room} runs in browsers too` : undefined;
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
  if (name === '#ort' && !runtimeDoor.test(file)) return 'only the session files of backbone load the ONNX runtime';
  if (name !== undefined && allowed.packages?.includes(name)) return undefined;
  return `${room} may import ${allowed.packages?.join(', ') ?? 'no outside package'}`;
}

test('every import follows the table', () => {
  const wrong = filesUnder('src', ['.ts'])
    .flatMap(importsOf)
    .flatMap((found) => {
      const reason = objection(found);
      return reason === undefined ? [] : [`${found.file} imports ${found.specifier}, but ${reason}`];
    });
  assert.deepEqual(wrong, []);
});

test('the rule objects to each kind of forbidden import', () => {
  const object = (file: string, specifier: string) =>
    objection({ file, room: file.split('/')[1] as string, specifier }) !== undefined;
  assert.ok(object('src/sampler/eos.ts', '../store/index.js'), 'a sampler does not know where embeddings came from');
  assert.ok(object('src/core/rng.ts', '../kernels/kernels.js'), 'core imports no room');
  assert.ok(object('src/pipeline/run.ts', '../cli/main.js'), 'nothing knows about the command line');
  assert.ok(object('src/cli/main.ts', '../dataset/index.js'), 'the command line sees the public face only');
  assert.ok(object('src/train/trainer.ts', 'node:fs'), 'training runs in browsers');
  assert.ok(object('src/embed/worker.ts', '#ort'), 'the runtime has one door');
  assert.ok(object('src/backbone/spec.ts', '#ort'), 'the runtime has one door');
  assert.ok(object('src/dataset/csv.ts', 'csv-parse'), 'an outside package has one room');
  assert.ok(object('src/store/index.ts', '../../scripts/setup.mjs'), 'the source does not import scripts');
  assert.ok(!object('src/cli/main.ts', '../index.js'));
  assert.ok(!object('src/backbone/session.ts', '#ort'));
  assert.ok(!object('src/train/trainer.ts', '../sampler/index.js'));
});

test('every room is in the table and says what it is for', () => {
  const vague = /^(utils?|helpers?|common|misc|shared|lib|stuff)$/;
  for (const entry of readdirSync(join(root, 'src'))) {
    assert.ok(Object.hasOwn(table, entry), `src/${entry} is not in the table of this test`);
    assert.doesNotMatch(entry, vague);
  }
});

test('rooms do not import each other in a circle', () => {
  const arrows = new Map<string, Set<string>>();
  for (const { file, room, specifier } of filesUnder('src', ['.ts']).flatMap(importsOf)) {
    const to = posix.join(posix.dirname(file), specifier).split('/')[1];
    if (!specifier.startsWith('.') || to === undefined || to === room) continue;
    arrows.set(room, (arrows.get(room) ?? new Set()).add(to));
  }
  const visit = (room: string, path: readonly string[]): void => {
    if (path.includes(room)) assert.fail(`rooms import each other in a circle: ${[...path, room].join(' → ')}`);
    for (const next of arrows.get(room) ?? []) visit(next, [...path, room]);
  };
  for (const room of arrows.keys()) visit(room, []);
});

test('every outside package that the source imports is a dependency, and the other way round', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.optionalDependencies ?? {})];
  const behindAlias = Object.values(manifest.imports ?? {});
  const owned = new Set(Object.values(table).flatMap((room) => room.packages ?? []));
  for (const name of owned)
    assert.ok(name.startsWith('#') || declared.includes(name), `${name} is owned by a room but not in package.json`);
  for (const name of declared)
    assert.ok(owned.has(name) || behindAlias.includes(name), `${name} is a dependency that no room owns`);
});
