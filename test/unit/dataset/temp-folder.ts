import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Dataset, Item } from '../../../src/core/item.js';

/** A folder with the given files ("a/b.txt" makes "a"), removed after the test. */
export function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'equipoise-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

export async function collect(dataset: Dataset, range?: { start: number; end: number }): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of dataset.items(range)) items.push(item);
  return items;
}

/** For assert.rejects: the code, and words the message must have. */
export function failure(code: string, ...words: (string | RegExp)[]) {
  return (error: unknown): true => {
    const { code: got, message } = error as { code?: string; message: string };
    if (got !== code) throw new Error(`expected code ${code}, received ${got}: ${message}`, { cause: error });
    for (const word of words)
      if (typeof word === 'string' ? !message.includes(word) : !word.test(message))
        throw new Error(`expected ${String(word)} in: ${message}`, { cause: error });
    return true;
  };
}
