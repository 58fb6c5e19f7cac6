/** Several processes make one store, whatever happens to some of them. */

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { drawImages } from './data.js';
import { equipoise, start, succeed, temporaryFolder, type Started } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
/** Slow on purpose, and by its whole path, as a queue names it. */
const embedding = ['embed', at('photos'), '--shard-size', '4', '--batch-size', '2'];

before(async () => {
  await drawImages(at('photos'), { red: 80, green: 30, blue: 10 });
  await writeFile(at('photos', 'blue', 'broken.jpg'), 'no image');
  await succeed(dir, ...embedding, '--max-fail-rate', '0.1', '--threads', '1', '--out', 'whole');
});

async function bytesOf(store: string): Promise<Record<string, string>> {
  const names = (await readdir(at(store))).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(at(store, name), 'base64')])),
  );
}

const shardsIn = async (store: string) =>
  existsSync(at(store)) ? (await readdir(at(store))).filter((name) => name.endsWith('.entry.json')).length : 0;

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    assert.ok(tries < 3000, `${what} did not happen within a minute`);
    await wait(20);
  }
}

test('shares in any order, one twice, make the store of one process; the last one finishes it', async () => {
  const share = (shard: string) =>
    succeed(dir, ...embedding, '--max-fail-rate', '0.1', '--shard', shard, '--out', 'shared');
  assert.match((await share('2/3')).stdout, /share 2\/3 of 31 shards is done in shared; 21 shards are missing/);
  await Promise.all([share('0/3'), share('2/3')]);
  // As a process that is killed while it writes leaves it.
  await writeFile(at('shared', '.shard-00001.arrow.killed.equipoise-partial'), 'half');
  assert.match((await share('1/3')).stdout, /120 of 121 items embedded/);
  assert.deepEqual(await bytesOf('shared'), await bytesOf('whole'));
  assert.match((await share('0/3')).stdout, /120 of 121 items embedded/, 'a share that comes late finds it finished');
});

test('a share of other data, or one that is no share, is refused', async () => {
  await succeed(dir, ...embedding, '--shard', '0/2', '--out', 'begun');
  const other = await equipoise(dir, 'embed', at('photos'), '--shard-size', '5', '--shard', '1/2', '--out', 'begun');
  assert.equal(other.code, 1);
  assert.match(other.stderr, /ERR_INTEGRITY.*unfinished store/);
  const wrong = await equipoise(dir, ...embedding, '--shard', '3/3', '--out', 'none');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Expected i\/N with 0 <= i < N, such as 0\/8/);
});

const noRedis = spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed';

describe('a queue in Redis', { skip: noRedis }, () => {
  const processes = new Set<ChildProcess>();
  let port = 0;
  let redis: ChildProcess;

  async function startRedis(...options: string[]): Promise<ChildProcess> {
    const child = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', ...options], {
      cwd: dir,
      stdio: 'ignore',
    });
    processes.add(child);
    await until(
      () =>
        new Promise((resolve) => {
          const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
          socket.on('close', () => socket.destroy()).setTimeout(100, () => socket.destroy());
          socket.end();
        }),
      'Redis listening',
    );
    return child;
  }

  before(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    server.close();
    await once(server, 'close');
    redis = await startRedis();
  });
  after(() => {
    for (const child of processes) child.kill('SIGKILL');
  });

  const url = () => `redis://127.0.0.1:${port}`;
  function begin(...args: string[]): Started {
    const started = start(dir, args);
    processes.add(started.child);
    return started;
  }
  const work = (...args: string[]) =>
    begin('worker', '--queue', url(), '--threads', '1', '--stalled-after-ms', '1000', ...args);

  test('a worker killed and Redis restarted without its memory change nothing in the result', async () => {
    const run = begin(...embedding, '--max-fail-rate', '0.1', '--out', 'queued', '--queue', url());
    const [first, second, third] = [work(), work(), work()] as const;
    await until(async () => (await shardsIn('queued')) >= 3, 'a few shards being done');
    first.child.kill('SIGKILL');
    await until(async () => (await shardsIn('queued')) >= 8, 'more shards being done');
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    redis = await startRedis();
    const { code, stdout, stderr } = await run.outcome;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /120 of 121 items embedded/);
    second.child.kill('SIGTERM');
    third.child.kill('SIGINT');
    for (const { outcome } of [second, third]) {
      const ended = await outcome;
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, /^\d+ shards embedded/);
    }
    assert.deepEqual(await bytesOf('queued'), await bytesOf('whole'));
  });

  test('a run that is stopped is collected by the same command, and a worker gives its shard back', async () => {
    const args = [...embedding, '--max-fail-rate', '0.1', '--out', 'stopped', '--queue', url()];
    const run = begin(...args);
    const worker = work();
    await until(async () => (await shardsIn('stopped')) >= 2, 'a few shards being done');
    run.child.kill('SIGINT');
    assert.equal((await run.outcome).code, 1);
    worker.child.kill('SIGINT');
    assert.equal((await worker.outcome).code, 0);
    const again = begin(...args);
    const rest = await work('--until-empty').outcome;
    assert.equal(rest.code, 0, rest.stderr);
    assert.equal((await again.outcome).code, 0);
    assert.deepEqual(await bytesOf('stopped'), await bytesOf('whole'));
  });

  test('what a worker cannot do is told where the run was started', async () => {
    const run = begin(...embedding, '--out', 'outside', '--queue', url(), '--queue-name', 'fenced');
    const worker = work('--queue-name', 'fenced', '--root', at('elsewhere'));
    const { code, stderr } = await run.outcome;
    assert.equal(code, 1);
    assert.match(stderr, /Shard \d+ of .*outside failed on 1 attempt: ERR_OPTION: Expected a store under .*elsewhere/);
    worker.child.kill('SIGINT');
    await worker.outcome;
  });

  test('a Redis that asks for a password is told so, and no password is printed', async () => {
    const plain = port;
    port = plain + 1;
    const guarded = await startRedis('--requirepass', 'secret');
    const refused = await equipoise(dir, 'worker', '--queue', `redis://:wrong@127.0.0.1:${port}`);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /ERR_ENVIRONMENT: Expected Redis at redis:\/\/127\.0\.0\.1:\d+ but/);
    assert.ok(!refused.stderr.includes('wrong@'));
    const allowed = await equipoise(dir, 'worker', '--queue', `redis://:secret@127.0.0.1:${port}`, '--until-empty');
    assert.equal(allowed.code, 0, allowed.stderr);
    guarded.kill();
    port = plain;
  });
});

const noTls =
  noRedis || (spawnSync('openssl', ['version']).status === 0 ? false : 'openssl, for a certificate, is not installed');

test(
  'TLS is passed through: with the authority named a worker connects, without it is refused',
  { skip: noTls },
  async (t) => {
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', ...name];
    assert.equal(spawnSync('openssl', made, { cwd: dir }).status, 0);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const files = ['--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem', '--tls-ca-cert-file', 'cert.pem'];
    const plain = ['--port', '0', '--save', '', '--appendonly', 'no'];
    const redis = spawn('redis-server', [...plain, '--tls-port', String(port), '--tls-auth-clients', 'no', ...files], {
      cwd: dir,
      stdio: 'ignore',
    });
    let gone = false;
    redis.on('exit', () => (gone = true));
    t.after(() => redis.kill('SIGKILL'));
    await writeFile(at('redis.json'), JSON.stringify({ tls: { caFile: 'cert.pem' } }));
    await writeFile(at('lost.json'), JSON.stringify({ tls: { caFile: 'lost.pem' } }));
    const worker = (...args: string[]) =>
      equipoise(dir, 'worker', '--queue', `rediss://127.0.0.1:${port}`, '--until-empty', ...args);
    let allowed = await worker('--redis-options', 'redis.json');
    for (let tries = 0; tries < 20 && allowed.stderr.includes('ECONNREFUSED'); tries++) {
      if (gone) return t.skip('this redis-server was built without TLS');
      allowed = await worker('--redis-options', 'redis.json');
    }
    assert.equal(allowed.code, 0, allowed.stderr);
    assert.match((await worker()).stderr, /ERR_ENVIRONMENT: Expected Redis at rediss:.* but .*self-signed certificate/);
    const lost = await worker('--redis-options', 'lost.json');
    assert.match(lost.stderr, /ERR_OPTION: Expected the path of a PEM file for tls\.caFile of lost\.json .*lost\.pem/);
  },
);

test('a Redis that is not there is told at once', async () => {
  const { code, stderr } = await equipoise(dir, 'worker', '--queue', 'redis://127.0.0.1:1');
  assert.equal(code, 1);
  assert.match(stderr, /ERR_ENVIRONMENT: Expected Redis at redis:\/\/127\.0\.0\.1:1 but .*ECONNREFUSED.*Start it/s);
  assert.equal((await equipoise(dir, 'worker')).code, 2);
});
