/** Opening a model file, with the data that large models keep beside it. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { checkModel, externalLocation, tensorsOf, type CheckOptions } from './check.js';
import { TensorProto_DataLocation } from './generated/onnx_pb.js';
import { MAX_MODEL_BYTES, readModel, type OnnxModel } from './model.js';

export interface ModelFile {
  readonly model: OnnxModel;
  readonly bytes: number;
  /** Of the .onnx file itself. */
  readonly sha256: string;
  /** Of each file of external data, by its path inside the folder. */
  readonly external: Readonly<Record<string, string>>;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads a file that must lie in `folder` itself: no link may lead to it or out of it. */
async function readInside(folder: string, location: string, where: string): Promise<Buffer> {
  const path = join(folder, location);
  const refuse = (why: string, cause?: unknown) =>
    new EquipoiseError('ERR_DATA', `Refused to open ${where}: its data file ${location} ${why}`, { cause });
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    throw refuse('is not there. Put it beside the model', error);
  }
  const root = await realpath(folder);
  if (real !== join(root, location) || !real.startsWith(root + sep)) throw refuse('is a link, which is not followed');
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { size } = await file.stat();
    if (size > MAX_MODEL_BYTES)
      throw refuse(`has ${size} bytes, and models above ${MAX_MODEL_BYTES} are not supported`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Puts external data into the model, so that it can be hashed, cut and joined like any other. */
async function inline(model: OnnxModel, path: string): Promise<Record<string, string>> {
  const folder = dirname(path);
  const files = new Map<string, Buffer>();
  let total = 0;
  for (const tensor of tensorsOf(model)) {
    const location = externalLocation(tensor);
    if (location === undefined) continue;
    const data = files.get(location) ?? (await readInside(folder, location, path));
    files.set(location, data);
    const field = (key: string) => tensor.externalData.find((entry) => entry.key === key)?.value;
    const offset = Number(field('offset') ?? 0);
    const length = Number(field('length') ?? data.length - offset);
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > data.length
    )
      throw new EquipoiseError(
        'ERR_DATA',
        `Refused to open ${path}: tensor ${tensor.name} lies at ${field('offset')} + ${field('length')} of ${location}, which has ${data.length} bytes`,
      );
    total += length;
    if (total > MAX_MODEL_BYTES)
      throw new EquipoiseError(
        'ERR_DATA',
        `${path} with its data exceeds ${MAX_MODEL_BYTES} bytes. Use a smaller model`,
      );
    tensor.rawData = data.subarray(offset, offset + length);
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
  }
  return Object.fromEntries([...files].map(([location, data]) => [location, sha256(data)]));
}

/**
 * Opens a model file: decoded, checked, external data taken in.
 * @throws ERR_OPTION when there is no such file; ERR_DATA when it is no model or one that must not be opened.
 */
export async function readModelFile(path: string, options: Omit<CheckOptions, 'where'> = {}): Promise<ModelFile> {
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > MAX_MODEL_BYTES)
      throw new EquipoiseError(
        'ERR_DATA',
        `${path} has ${size} bytes and an ONNX file holds at most ${MAX_MODEL_BYTES}`,
      );
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof EquipoiseError) throw error;
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected an ONNX file but cannot read ${path}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  const model = readModel(bytes, path);
  checkModel(model, { ...options, where: path });
  const external = await inline(model, path);
  // Once more, now that the sizes of the data taken in are known.
  if (Object.keys(external).length > 0) checkModel(model, { ...options, where: path });
  return { model, bytes: bytes.length, sha256: sha256(bytes), external };
}
