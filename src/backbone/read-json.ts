import { readFile, stat } from 'node:fs/promises';
import { EquipoiseError } from '../core/errors.js';

/** The largest tokenizer.json that is published has a tenth of this. */
const MAX_BYTES = 400_000_000;

/**
 * @param what the reader expected: 'a tokenizer.json'.
 * @throws ERR_OPTION when the file cannot be read, ERR_DATA when it is no JSON or too large.
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new EquipoiseError('ERR_DATA', `${path} has ${size} bytes; at most ${MAX_BYTES} are read of ${what}`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof EquipoiseError) throw error;
    throw new EquipoiseError('ERR_OPTION', `Expected ${what} but cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
