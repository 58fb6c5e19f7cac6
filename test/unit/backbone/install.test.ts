import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  addBackbone,
  listBackbones,
  openBackbone,
  pullBackbone,
  verifyBackbones,
} from '../../../src/backbone/index.js';
import { failure, folderOf } from '../dataset/temp-folder.js';
import { sendFile, serve, sha256 } from './file-server.js';
import { modelsDir as fixtures, embedAll, image, text } from './fixtures.js';

const graph = readFileSync(`${fixtures}tiny-bert/model.onnx`);
const tokenizer = readFileSync(`${fixtures}tiny-bert/tokenizer.json`);

/** A folder of backbones with a description of tiny-bert alone. */
function described(t: TestContext, url: string, hashes = true): string {
  const spec = JSON.parse(readFileSync(`${fixtures}tiny-bert/backbone.json`, 'utf8')) as Record<string, unknown>;
  const hash = (content: Uint8Array) => (hashes ? { sha256: sha256(content), bytes: content.length } : {});
  spec['onnx'] = { file: 'onnx/model.onnx', url: `${url}/model`, ...hash(graph) };
  spec['files'] = [{ file: 'tokenizer.json', url: `${url}/tokenizer`, ...hash(tokenizer) }];
  return folderOf(t, { 'tiny-bert/backbone.json': JSON.stringify(spec) });
}

const good = (t: TestContext) =>
  serve(t, (request, response) => sendFile(request.url === '/model' ? graph : tokenizer, request, response));

test('pulling fetches what is missing, once, and the backbone opens by name', async (t) => {
  const server = await good(t);
  const modelsDir = described(t, server.url);
  assert.equal((await listBackbones([modelsDir])).find(({ id }) => id === 'tiny-bert')?.complete, false);
  await assert.rejects(
    openBackbone('tiny-bert', { modelsDirs: [modelsDir] }),
    failure('ERR_OPTION', 'equipoise models pull tiny-bert'),
  );
  assert.match((await verifyBackbones('tiny-bert', { modelsDir }))[0]?.files ?? '', /not here/);
  await pullBackbone('tiny-bert', { modelsDir });
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    ['/model', '/tokenizer'],
  );
  assert.equal((await openBackbone('tiny-bert', { modelsDirs: [modelsDir] })).dim, 16);
  assert.equal((await verifyBackbones('tiny-bert', { modelsDir }))[0]?.files, 'ok');
  writeFileSync(join(modelsDir, 'tiny-bert/tokenizer.json'), '{}');
  assert.match(
    (await verifyBackbones('tiny-bert', { modelsDir }))[0]?.files ?? '',
    /tokenizer\.json is not the declared/,
  );
  await pullBackbone('tiny-bert', { modelsDir });
  assert.deepEqual(
    server.asked.slice(2).map(({ url }) => url),
    ['/tokenizer'],
  );
});

test('offline nothing is asked; files may be brought by hand, and are checked', async (t) => {
  const server = await good(t);
  const modelsDir = described(t, server.url);
  await assert.rejects(pullBackbone('tiny-bert', { modelsDir, offline: true }), failure('ERR_ENVIRONMENT', 'offline'));
  await assert.rejects(
    addBackbone('https://example.org/m.onnx', { modelsDir, offline: true }),
    failure('ERR_ENVIRONMENT', 'offline'),
  );
  const wrong = folderOf(t, { 'model.onnx': 'no', 'tokenizer.json': tokenizer });
  await assert.rejects(
    pullBackbone('tiny-bert', { modelsDir, from: wrong, offline: true }),
    failure('ERR_INTEGRITY', 'Expected sha256'),
  );
  await pullBackbone('tiny-bert', { modelsDir, from: `${fixtures}tiny-bert`, offline: true });
  assert.equal((await openBackbone('tiny-bert', { modelsDirs: [modelsDir] })).dim, 16);
  assert.equal(server.asked.length, 0);
});

test('a file whose hash nobody declared needs trust once, and then has one', async (t) => {
  const server = await good(t);
  const modelsDir = described(t, server.url, false);
  await assert.rejects(pullBackbone('tiny-bert', { modelsDir }), failure('ERR_INTEGRITY', '--trust'));
  assert.equal(server.asked.length, 0);
  const { spec } = await pullBackbone('tiny-bert', { modelsDir, trust: true });
  assert.deepEqual([spec.onnx.sha256, spec.onnx.bytes], [sha256(graph), graph.length]);
  assert.equal((await verifyBackbones('tiny-bert', { modelsDir }))[0]?.files, 'ok');
});

test('an unknown name is answered with near ones; a file without an address with --from', async (t) => {
  await assert.rejects(pullBackbone('tiny-imag'), failure('ERR_OPTION', 'Did you mean tiny-image'));
  await assert.rejects(verifyBackbones('tiny-imag'), failure('ERR_OPTION', 'Did you mean tiny-image'));
  const modelsDir = folderOf(t, {});
  await assert.rejects(
    pullBackbone('squeezenet1.1', { modelsDir }),
    failure('ERR_OPTION', 'No address is known', '--from'),
  );
});

test('a folder of the hub is added under a name, with all that opening it found out', async (t) => {
  const hub = folderOf(t, {
    'config.json': JSON.stringify({ model_type: 'bert', max_position_embeddings: 20 }),
    '1_Pooling/config.json': JSON.stringify({ pooling_mode_mean_tokens: true }),
    'tokenizer.json': tokenizer,
    'onnx/model.onnx': graph,
    'README.md': 'not needed',
  });
  const modelsDir = folderOf(t, {});
  const { path, spec } = await addBackbone(hub, { modelsDir, id: 'mine', license: 'MIT', source: 'a friend' });
  assert.deepEqual(
    [spec.id, spec.license, spec.source, spec.output],
    ['mine', 'MIT', 'a friend', { name: 'last_hidden_state', pool: 'mean', dim: 16, normalize: false }],
  );
  assert.deepEqual(readdirSync(path).sort(), ['backbone.json', 'onnx', 'tokenizer.json']);
  const items = [text('the cat sleeps')];
  assert.deepEqual(
    await embedAll(await openBackbone('mine', { modelsDirs: [modelsDir] }), items),
    await embedAll(await openBackbone(hub), items),
  );
  assert.equal((await verifyBackbones('mine', { modelsDir }))[0]?.files, 'ok');
  await assert.rejects(addBackbone(hub, { modelsDir, id: 'mine' }), failure('ERR_OPTION', 'already', '--id'));
  assert.deepEqual(readdirSync(modelsDir), ['mine'], 'nothing half done is left');
});

test('a graph and an address are added with the options that describe them', async (t) => {
  const cnn = readFileSync(`${fixtures}tiny-cnn/model.onnx`);
  const server = await serve(t, (request, response) => sendFile(cnn, request, response));
  const modelsDir = folderOf(t, {});
  const backbone = { preprocess: 'imagenet', output: 'penultimate' };
  const file = await addBackbone(`${fixtures}tiny-cnn-fixed/model.onnx`, { modelsDir, id: 'file', backbone });
  assert.equal(file.spec.onnx.file, 'model.onnx');
  const fetched = await addBackbone(`${server.url}/nets/small.onnx?x=1`, { modelsDir, backbone });
  assert.deepEqual(
    [fetched.id, fetched.spec.onnx.url, fetched.spec.onnx.sha256],
    ['small', `${server.url}/nets/small.onnx?x=1`, sha256(cnn)],
  );
  assert.equal(fetched.spec.source, `${server.url}/nets/small.onnx?x=1`);
  assert.equal((await embedAll(await openBackbone('small', { modelsDirs: [modelsDir] }), [image(1)]))[0]?.length, 12);
  await assert.rejects(
    addBackbone(`${server.url}/other.onnx`, { modelsDir, backbone, sha256: '0'.repeat(64) }),
    failure('ERR_INTEGRITY', 'Expected sha256 000'),
  );
  await assert.rejects(addBackbone(server.url, { modelsDir }), failure('ERR_OPTION', 'preprocess'));
  assert.deepEqual(readdirSync(modelsDir).sort(), ['file', 'small']);
});

test('data beside a graph is added with it', async (t) => {
  const source = folderOf(t, {});
  mkdirSync(join(source, 'big'));
  cpSync(`${fixtures}tiny-cnn`, join(source, 'big'), { recursive: true });
  const modelsDir = folderOf(t, {});
  await addBackbone(join(source, 'big'), { modelsDir });
  assert.ok(existsSync(join(modelsDir, 'tiny-cnn/model.onnx')));
});

test('every description that the package ships can be read, and says where weights, hash and licence are from', async () => {
  const shipped = await listBackbones();
  assert.ok(shipped.length >= 5);
  for (const { id, path, license } of shipped) {
    const spec = JSON.parse(readFileSync(join(path, 'backbone.json'), 'utf8')) as {
      id: string;
      source?: string;
      onnx: { sha256?: string; bytes?: number; url?: string };
      files?: { sha256?: string; bytes?: number; url?: string }[];
    };
    assert.equal(spec.id, id);
    assert.ok(license && spec.source, id);
    for (const { sha256: hash, bytes, url } of [spec.onnx, ...(spec.files ?? [])]) {
      assert.match(hash ?? '', /^[0-9a-f]{64}$/, id);
      assert.ok(bytes, id);
      // A branch moves; a commit does not.
      if (url !== undefined) assert.match(url, /^https:\/\/[^?]+\/[0-9a-f]{40}\//, id);
    }
  }
});
