/** The thread in which files of other programs are decoded. */

import { parentPort, workerData } from 'node:worker_threads';
import { decodeArrow } from './arrow.js';
import type { DecodedTable, DecodeReply, DecodeRequest } from './foreign-table.js';
import { decodeParquet, decodeParquetImages, decodeParquetItems } from './parquet.js';

const send = <T>(result: T, transfer: ArrayBufferLike[] = []): void =>
  parentPort?.postMessage({ result } satisfies DecodeReply<T>, [...new Set(transfer)] as ArrayBuffer[]);

const buffersOf = ({ columns }: DecodedTable) =>
  [...columns.values()].flatMap((column) => (column.kind === 'vectors' ? [column.values.buffer] : []));

const request = workerData as DecodeRequest;
try {
  if (request.read === 'images') {
    const images = await decodeParquetImages(request.path, request.column, request);
    send(
      images,
      images.flatMap((bytes) => (bytes ? [bytes.buffer] : [])),
    );
  } else if (request.read === 'items') {
    const items = await decodeParquetItems(request.path);
    send(items, buffersOf(items.table));
  } else {
    const table = await (request.read === 'arrow' ? decodeArrow : decodeParquet)(request.path);
    send(table, buffersOf(table));
  }
} catch (error) {
  parentPort?.postMessage({ error: (error as Error).message } satisfies DecodeReply<never>);
}
