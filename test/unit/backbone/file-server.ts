/** A server on this machine that behaves as badly as it is told, and remembers what it was asked. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly url: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

export interface FileServer {
  readonly url: string;
  readonly asked: Asked[];
}

/** @param answer is called with the number of the request, from 0. */
export async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, index: number) => void,
): Promise<FileServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push({ url, range: headers.range, ifRange: headers['if-range'] as string | undefined });
    answer(request, response, asked.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** As a good server does: the whole, or the rest where the tag still fits. */
export function sendFile(content: Uint8Array, request: IncomingMessage, response: ServerResponse, tag = '"one"'): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start > 0 && request.headers['if-range'] === tag) {
    response.writeHead(206, {
      etag: tag,
      'content-length': content.length - start,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    });
    response.end(content.subarray(start));
    return;
  }
  response.writeHead(200, { etag: tag, 'content-length': content.length });
  response.end(content);
}

/** Promises the whole and sends the first `length` bytes; the returned function hangs up. */
export function begin(content: Uint8Array, length: number, response: ServerResponse): () => void {
  response.writeHead(200, { etag: '"one"', 'content-length': content.length });
  response.write(content.subarray(0, length));
  return () => response.socket?.destroy();
}

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
