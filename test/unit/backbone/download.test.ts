import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkAddress } from '../../../src/backbone/download.js';
import { download } from '../../../src/backbone/index.js';
import { failure, folderOf } from '../dataset/temp-folder.js';
import { begin, sendFile, serve, sha256 } from './file-server.js';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 5);
const declared = { sha256: sha256(content), bytes: content.length };
const quick = { retryMs: 1, stallMs: 2000 };

test('a file arrives whole, under its name, with nothing left beside it', async (t) => {
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const root = folderOf(t, {});
  const target = join(root, 'm', 'model.onnx');
  const seen: number[] = [];
  const found = await download({ url: `${server.url}/m`, ...declared }, target, {
    ...quick,
    onProgress: ({ done, total }) => seen.push(done, total ?? -1),
  });
  assert.deepEqual(found, declared);
  assert.deepEqual(readdirSync(join(root, 'm')), ['model.onnx']);
  assert.equal(sha256(readFileSync(target)), declared.sha256);
  assert.deepEqual(seen.slice(-2), [300_000, 300_000]);
  await download({ url: `${server.url}/m`, ...declared }, target, quick);
  assert.equal(server.asked.length, 1, 'a file that is there is not asked for');
});

test('a connection that breaks off is taken up where it ended', async (t) => {
  let hangUp = () => {};
  const server = await serve(t, (request, response, index) => {
    if (index === 0) hangUp = begin(content, 100_000, response);
    else sendFile(content, request, response);
  });
  const target = join(folderOf(t, {}), 'model.onnx');
  // What has arrived but was not read yet is lost with the connection.
  const onProgress = ({ done }: { done: number }) => done >= 100_000 && hangUp();
  await download({ url: server.url, ...declared }, target, { ...quick, onProgress });
  assert.equal(sha256(readFileSync(target)), declared.sha256);
  const { range, ifRange } = server.asked[1] ?? {};
  assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
  assert.equal(ifRange, '"one"');
});

test('what an ended process left is gone on with; a file that changed since is fetched anew', async (t) => {
  for (const [tag, status] of [
    ['"one"', 206],
    ['"two"', 200],
  ] as const) {
    const statuses: number[] = [];
    const server = await serve(t, (request, response) => {
      sendFile(content, request, response, tag);
      statuses.push(response.statusCode);
    });
    const root = folderOf(t, { 'model.onnx.part': status === 206 ? content.subarray(0, 5000) : new Uint8Array(5000) });
    writeFileSync(join(root, 'model.onnx.part.json'), JSON.stringify({ url: server.url, etag: '"one"' }));
    await download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick);
    assert.deepEqual(statuses, [status]);
    assert.equal(server.asked[0]?.range, 'bytes=5000-');
    assert.equal(sha256(readFileSync(join(root, 'model.onnx'))), declared.sha256);
  }
});

test('a server that ignores ranges, or sends another one, still gives the right file', async (t) => {
  for (const range of [undefined, 'bytes 7-299999/300000']) {
    const server = await serve(t, (_, response, index) => {
      if (range === undefined || index > 0) {
        response.writeHead(200, { 'content-length': content.length });
        return response.end(content);
      }
      response.writeHead(206, { 'content-range': range });
      return response.end(content.subarray(7));
    });
    const root = folderOf(t, { 'model.onnx.part': content.subarray(0, 5000) });
    writeFileSync(join(root, 'model.onnx.part.json'), JSON.stringify({ url: server.url, etag: '"one"' }));
    await download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick);
    assert.equal(sha256(readFileSync(join(root, 'model.onnx'))), declared.sha256);
  }
});

test('a beginning of other bytes under the same tag is found out, and the whole fetched once more', async (t) => {
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const root = folderOf(t, { 'model.onnx.part': new Uint8Array(5000) });
  writeFileSync(join(root, 'model.onnx.part.json'), JSON.stringify({ url: server.url, etag: '"one"' }));
  await download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick);
  assert.deepEqual(
    server.asked.map(({ range }) => range),
    ['bytes=5000-', undefined],
  );
});

test('another file than declared is refused and not kept: other bytes, more, fewer, a page', async (t) => {
  const corrupt = content.slice();
  corrupt[123] = 255 - (corrupt[123] as number);
  const html = Buffer.from('<html>Please log in</html>');
  for (const [body, headers, reason] of [
    [corrupt, { 'content-length': corrupt.length }, /Expected sha256/],
    [Buffer.concat([content, content]), {}, /Expected 300000 bytes/],
    [content.subarray(0, 1000), { 'content-length': 1000 }, /Expected 300000 bytes .* has 1000/],
    [html, { 'content-type': 'text/html' }, /Expected sha256/],
  ] as const) {
    const server = await serve(t, (_, response) => {
      response.writeHead(200, headers);
      response.end(body);
    });
    const root = folderOf(t, {});
    await assert.rejects(
      download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick),
      failure('ERR_INTEGRITY', reason),
    );
    assert.equal(existsSync(join(root, 'model.onnx')), false);
  }
});

test('a length that promises more than comes is no success, however often it is tried', async (t) => {
  const server = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 10), () => response.socket?.destroy());
  });
  const root = folderOf(t, {});
  await assert.rejects(
    download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick),
    failure('ERR_ENVIRONMENT', 'without a new byte', 'goes on from there'),
  );
  assert.equal(existsSync(join(root, 'model.onnx')), false);
});

test('a server that falls silent is given up, tried again, and taken up', async (t) => {
  const server = await serve(t, (request, response, index) => {
    if (index > 0) return sendFile(content, request, response);
    return begin(content, 50_000, response);
  });
  const target = join(folderOf(t, {}), 'model.onnx');
  await download({ url: server.url, ...declared }, target, { retryMs: 1, stallMs: 300 });
  assert.equal(server.asked.length, 2);
  assert.equal(sha256(readFileSync(target)), declared.sha256);
});

test('404 is final, 500 and 429 are tried again', async (t) => {
  const root = folderOf(t, {});
  const gone = await serve(t, (_, response) => response.writeHead(404).end('no'));
  await assert.rejects(
    download({ url: gone.url, ...declared }, join(root, 'a.onnx'), quick),
    failure('ERR_DATA', 'answered 404'),
  );
  assert.equal(gone.asked.length, 1);
  const busy = await serve(t, (request, response, index) =>
    index < 2 ? response.writeHead([500, 429][index] as number).end() : sendFile(content, request, response),
  );
  await download({ url: busy.url, ...declared }, join(root, 'b.onnx'), quick);
  assert.equal(busy.asked.length, 3);
  const broken = await serve(t, (_, response) => response.writeHead(503).end());
  await assert.rejects(
    download({ url: broken.url, ...declared }, join(root, 'c.onnx'), quick),
    failure('ERR_ENVIRONMENT', 'answered 503', 'Tried 4 times'),
  );
});

test('content that was packed on the way is refused', async (t) => {
  const server = await serve(t, (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
  await assert.rejects(
    download({ url: server.url, ...declared }, join(folderOf(t, {}), 'm'), quick),
    failure('ERR_DATA', 'gzip'),
  );
});

test('redirects are followed, not without end, and not to where nothing may be fetched', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/start') return response.writeHead(302, { location: '/file' }).end();
    if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end();
    if (request.url === '/disk') return response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    if (request.url === '/nowhere') return response.writeHead(302, { location: 'http://[' }).end();
    return sendFile(content, request, response);
  });
  const target = join(folderOf(t, {}), 'model.onnx');
  await assert.rejects(
    download({ url: `${server.url}/loop`, ...declared }, target, quick),
    failure('ERR_DATA', 'more than 5 times'),
  );
  await assert.rejects(
    download({ url: `${server.url}/disk`, ...declared }, target, quick),
    failure('ERR_OPTION', 'only http and https'),
  );
  await assert.rejects(
    download({ url: `${server.url}/nowhere`, ...declared }, target, quick),
    failure('ERR_DATA', 'no address'),
  );
  await download({ url: `${server.url}/start`, ...declared }, target, quick);
});

test('plain http needs a declared hash; credentials and other schemes are refused', () => {
  assert.equal(checkAddress('https://example.org/m', false).protocol, 'https:');
  assert.equal(checkAddress('http://example.org/m', true).protocol, 'http:');
  assert.equal(checkAddress('http://localhost:1/m', false).protocol, 'http:');
  for (const address of [
    'http://example.org/m',
    'http://localhost.example.org/m',
    'ftp://example.org/m',
    'file:///m',
    'm',
  ])
    assert.throws(() => checkAddress(address, false), failure('ERR_OPTION', 'Refused to fetch'));
  assert.throws(
    () => checkAddress('https://me:secret@example.org/m', true),
    (error: Error) => /credentials/.test(error.message) && !error.message.includes('secret'),
  );
});

test('an aborted download ends at once and is gone on with later', async (t) => {
  const stop = new AbortController();
  const server = await serve(t, (request, response, index) => {
    if (index > 0) return sendFile(content, request, response);
    return begin(content, 50_000, response);
  });
  const root = folderOf(t, {});
  const target = join(root, 'model.onnx');
  await assert.rejects(
    download({ url: server.url, ...declared }, target, {
      ...quick,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    }),
    failure('ERR_ABORTED', 'fetching'),
  );
  assert.deepEqual(readdirSync(root).sort(), ['model.onnx.part', 'model.onnx.part.json']);
  await download({ url: server.url, ...declared }, target, quick);
  assert.match(server.asked[1]?.range ?? '', /^bytes=/);
});

test('two that want the same file fetch it once', async (t) => {
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const root = folderOf(t, {});
  const target = join(root, 'model.onnx');
  const library = new URL('../../../src/backbone/index.js', import.meta.url).href;
  const source = `import { download } from ${JSON.stringify(library)};
    await download(${JSON.stringify({ url: server.url, ...declared })}, ${JSON.stringify(target)});`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await Promise.all([
    download({ url: server.url, ...declared }, target, quick),
    download({ url: server.url, ...declared }, target, quick),
    once(other, 'exit'),
  ]);
  assert.equal(other.exitCode, 0);
  assert.equal(server.asked.length, 1);
  assert.deepEqual(readdirSync(root), ['model.onnx']);
});

test('the lock of a process that is gone is taken over; that of a living one is waited for', async (t) => {
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  // A process that has ended, one of another machine that was silent for an hour.
  const ended = spawn(process.execPath, ['--eval', '']);
  await once(ended, 'exit');
  const hour = new Date(Date.now() - 3_600_000);
  for (const [owner, touched] of [
    [{ id: 'a', host: hostname(), pid: ended.pid }, new Date()],
    [{ id: 'b', host: 'elsewhere', pid: 1 }, hour],
  ] as const) {
    const root = folderOf(t, { 'model.onnx.lock': JSON.stringify(owner) });
    utimesSync(join(root, 'model.onnx.lock'), touched, touched);
    await Promise.all([1, 2, 3].map(() => download({ url: server.url, ...declared }, join(root, 'model.onnx'), quick)));
    assert.deepEqual(readdirSync(root), ['model.onnx']);
  }
  assert.equal(server.asked.length, 2);
  const root = folderOf(t, { 'model.onnx.lock': JSON.stringify({ id: 'c', host: hostname(), pid: process.pid }) });
  const stop = new AbortController();
  const waiting = download({ url: server.url, ...declared }, join(root, 'model.onnx'), {
    ...quick,
    signal: stop.signal,
  });
  setImmediate(() => stop.abort());
  await assert.rejects(waiting, failure('ERR_ABORTED', 'waiting for'));
  assert.equal(server.asked.length, 2);
});

test('a proxy is asked where the environment names one, and not for hosts that it excepts', async (t) => {
  const server = await serve(t, (request, response) => sendFile(content, request, response));
  const tunnels: string[] = [];
  const proxy = createServer((request, response) => {
    tunnels.push(`${request.method} ${request.url}`);
    sendFile(content, request, response);
  });
  proxy.on('connect', (request, socket) => {
    tunnels.push(`CONNECT ${request.url}`);
    const { hostname: host, port } = new URL(server.url);
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  process.env['no_proxy'] = '';
  const root = folderOf(t, {});
  await download({ url: 'http://models.invalid/m', ...declared }, join(root, 'a'), quick);
  assert.equal(tunnels.length, 1);
  assert.match(tunnels[0] as string, /models\.invalid/);
  process.env['no_proxy'] = '127.0.0.1';
  await download({ url: server.url, ...declared }, join(root, 'b'), quick);
  assert.equal(tunnels.length, 1);
});
