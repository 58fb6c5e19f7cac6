/** The thread in which files of other programs are decoded. */

import { parentPort, workerData } from 'node:worker_threads';
import { decodeArrow } from './arrow.js';
import type { DecodedTable, DecodeReply } from './foreign-table.js';
import { decodeParquet } from './parquet.js';

const decoders: Readonly<Record<string, (path: string) => Promise<DecodedTable>>> = {
  arrow: decodeArrow,
  parquet: decodeParquet,
};

const { path, format } = workerData as { path: string; format: string };
const send = (reply: DecodeReply, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(reply, transfer);

try {
  const table = await (decoders[format] as (path: string) => Promise<DecodedTable>)(path);
  const buffers = [...table.columns.values()].flatMap((column) =>
    column.kind === 'vectors' ? [column.values.buffer as ArrayBuffer] : [],
  );
  send({ table }, [...new Set(buffers)]);
} catch (error) {
  send({ error: (error as Error).message });
}
