/** What the documents say about the repository is true: paths exist, code runs. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { filesUnder, root } from './repository.js';

/** Folders of the repository: a path in a document that begins with one of them is a claim about this repository. */
const folders = ['src', 'native', 'test', 'scripts', 'bench', 'docs', 'models', '.ci'];

const documents = filesUnder('.', ['.md']);
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Fenced blocks of a language, with the line their code starts on. */
function codeBlocks(text: string, language: string): { line: number; code: string }[] {
  return [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```/gm)]
    .filter((match) => match[1] === language)
    .map((match) => ({ line: text.slice(0, match.index).split('\n').length + 1, code: match[2] as string }));
}

/**
 * Paths that a document claims exist, relative to the root.
 *
 * - The target of a link, unless it is an address or an anchor: relative to the document.
 * - In backticks and fenced blocks, a word that begins with a folder of the repository. It is cut before a placeholder
 *   (`models/<id>/…` claims `models`), so `$EQUIPOISE_DATA/…`, `DATA` and outputs such as `run/head.onnx` claim nothing.
 * - In backticks, a document of the root by its bare name (`ARCHITECTURE.md`).
 */
function claimedPaths(file: string, text: string): string[] {
  const claims = new Set<string>();
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) {
    const path = target.replace(/#.*$/, '');
    if (path === '' || /^[a-z]+:/.test(path)) continue;
    claims.add(join(dirname(file), decodeURI(path)));
  }
  const fenced = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((match) => match[1] as string);
  const spans = [...text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map((m) => m[1] as string);
  const start = folders.map((folder) => folder.replace('.', '\\.')).join('|');
  const path = new RegExp(`(?<![\\w./$@-])(?:\\./)?((?:${start})/[\\w./@-]*)([<*{…$]?)`, 'g');
  for (const code of [...fenced, ...spans])
    for (const [, found = '', placeholder] of code.matchAll(path))
      claims.add(placeholder ? found.replace(/[^/]*$/, '') : found.replace(/[.,:]+$/, ''));
  for (const span of spans) if (/^[A-Z]+\.md$/.test(span)) claims.add(span);
  return [...claims];
}

test('every path named in a document exists', () => {
  const missing = documents.flatMap((file) =>
    claimedPaths(file, read(file))
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${file} names ${path}`),
  );
  assert.deepEqual(missing, []);
});

test('docs/methods.md is what the registries say', async () => {
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'methods-table.mjs'), '--check']).catch(
    (error: unknown) => assert.fail((error as { stderr?: string }).stderr ?? String(error)),
  );
});

test('the lock file names no host, so that any mirror serves', () => {
  assert.equal(read('package-lock.json').match(/"resolved":.*/)?.[0], undefined);
});

test('the rule sees links, backticks and fenced blocks, and leaves examples alone', () => {
  const text = [
    'See [the rooms](../ARCHITECTURE.md#rooms "all") and [the web](https://example.org/src/x.ts).',
    'Add `src/sampler/<name>.ts`, look at `src/core/rng.ts`, read `CONTRIBUTING.md`, write `out/head.onnx`.',
    'Examples: `$EQUIPOISE_DATA/docs/flowers`, `models/*/backbone.json`, train/test.',
    '```sh',
    'node scripts/setup.mjs DATA --out $EQUIPOISE_DATA/run',
    '```',
  ].join('\n');
  assert.deepEqual(
    claimedPaths('docs/guide.md', text).sort(),
    ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'models/', 'scripts/setup.mjs', 'src/core/rng.ts', 'src/sampler/'].sort(),
  );
});

test('every js block of README.md runs, in order, in one empty folder', async () => {
  const blocks = codeBlocks(read('README.md'), 'js');
  assert.notEqual(blocks.length, 0, 'README.md shows no code');
  const work = await mkdtemp(join(tmpdir(), 'equipoise-readme-'));
  // Inside the package, so that `import 'equipoise'` means this very build; run elsewhere, so that it leaves nothing here.
  const programs = join(root, 'dist', 'readme');
  try {
    await mkdir(programs, { recursive: true });
    for (const { line, code } of blocks) {
      const program = join(programs, `line-${line}.mjs`);
      await writeFile(program, code);
      await promisify(execFile)(process.execPath, [program], { cwd: work, timeout: 300_000 }).catch(
        (error: unknown) => {
          assert.fail(`README.md line ${line}: ${(error as { stderr?: string }).stderr ?? String(error)}`);
        },
      );
    }
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(programs, { recursive: true, force: true });
  }
});
