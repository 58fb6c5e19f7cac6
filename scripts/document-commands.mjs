// Runs the commands of a document (lines with "$ " in its console blocks), in order, in one folder of examples, and
// writes what they print below them.
//
// usage, after a build: node scripts/document-commands.mjs docs/embedding.md [--check]
//   --check writes nothing and exits 1 where a command fails or prints something else than the document says
//   Commands on $EQUIPOISE_DATA or $EQUIPOISE_MODELS_AT_HAND are run where these are set, and else left as they are.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [file, check] = process.argv.slice(2);
if (file === undefined || (check !== undefined && check !== '--check')) {
  process.stderr.write('usage: node scripts/document-commands.mjs FILE.md [--check]\n');
  process.exit(2);
}
const path = resolve(file);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'equipoise-document-'));
const problems = [];

/** Standard output and error as they come, as on a terminal. */
function run(command) {
  const program = `equipoise() { "${process.execPath}" "${here('../dist/src/cli/main.js')}" "$@"; }`;
  const { status, stdout } = spawnSync('sh', ['-c', `exec 2>&1\n${program}\n${command}`], {
    cwd: work,
    encoding: 'utf8',
    env: { ...process.env, EQUIPOISE_MODELS: join(work, 'models') },
  });
  // A document shows refusals, too; what it must not show is a fault of the program.
  if (status !== 0 && !/^error ERR_/m.test(stdout)) problems.push(`$ ${command}\n  ended with ${status}: ${stdout}`);
  const printed = stdout.replaceAll(work, '…').replaceAll(/ +$/gm, '').trimEnd();
  return printed === '' ? [] : printed.split('\n');
}

function fill(block) {
  const commands = block.split(/^(?=\$ )/m);
  return commands.map((entry) => {
    const [first, ...shown] = entry.trimEnd().split('\n');
    const missing = [...first.matchAll(/\$(EQUIPOISE_\w+)/g)].some(([, name]) => !process.env[name]);
    if (!first.startsWith('$ ') || missing) return entry;
    const printed = run(first.slice(2));
    if (check && printed.join('\n') !== shown.join('\n'))
      problems.push(`${first}\n  prints\n${printed.join('\n')}\n  where ${file} says\n${shown.join('\n')}`);
    return `${[first, ...printed].join('\n')}\n`;
  });
}

try {
  const drawn = spawnSync(process.execPath, [here('embedding-examples.mjs'), work], { stdio: 'inherit' });
  if (drawn.status !== 0) process.exit(1);
  const text = readFileSync(path, 'utf8');
  const filled = text.replace(
    /^```console\n([\s\S]*?)^```/gm,
    (_, block) => `\`\`\`console\n${fill(block).join('')}\`\`\``,
  );
  if (!check) writeFileSync(path, filled);
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n\n')}\n\nnode scripts/document-commands.mjs ${file} writes them anew\n`);
  process.exit(1);
}
