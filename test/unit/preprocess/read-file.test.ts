import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFile } from '../../../src/preprocess/read-file.js';
import { folderOf } from '../dataset/temp-folder.js';

const refuse = (error: Error) => new Error('refused', { cause: error });

/** Whether the content of the file was there when the call returned. */
async function comesAtOnce(path: string, blocking: boolean): Promise<boolean> {
  let content = '';
  const use = (bytes: Buffer) => {
    content = bytes.toString();
  };
  const done = withFile(path, use, { refuse, blocking });
  const before = content;
  await done;
  assert.equal(content, 'content');
  return before === content;
}

const windows = process.platform === 'win32' && 'there are no named pipes in its folders';

test(
  'a thread that may block reads files itself until one comes slowly, and again some files later',
  { skip: windows },
  async (t) => {
    const root = folderOf(t, { file: 'content' });
    const [file, slow] = [join(root, 'file'), join(root, 'slow')];
    assert.equal(await comesAtOnce(file, false), false);
    assert.equal(await comesAtOnce(file, true), true);
    execFileSync('mkfifo', [slow]);
    const writer = spawn('sh', ['-c', 'sleep 0.05; printf content > "$0"', slow]);
    t.after(() => writer.kill());
    await comesAtOnce(slow, true);
    assert.equal(await comesAtOnce(file, true), false);
    let aside = 1;
    // Three times over: on a busy machine the one that is read at once may be slow again.
    while (aside < 200 && !(await comesAtOnce(file, true))) aside++;
    assert.ok(aside < 200, `${aside} files were read aside`);
  },
);

test('what cannot be read is refused, whoever reads it', async (t) => {
  const root = folderOf(t, { file: 'content' });
  for (const blocking of [true, false])
    for (const [path, code] of [
      [join(root, 'gone'), 'ENOENT'],
      [root, 'EISDIR'],
    ] as const)
      await assert.rejects(
        async () => withFile(path, () => undefined, { refuse, blocking }),
        ({ message, cause }: Error) => message === 'refused' && (cause as NodeJS.ErrnoException).code === code,
      );
});
