// Runs the compiled tests: all of them, or those under the given paths.
//
// usage: node scripts/test.mjs [test/unit/dataset | test/e2e/run.test.ts | …]

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const tests = (wanted.length > 0 ? wanted : ['test']).flatMap((path) =>
  collect(join('dist', path.replace(/\.ts$/, '.js'))),
);
if (tests.length === 0) {
  process.stderr.write(
    `test: no compiled test under ${wanted.join(', ') || 'dist/test'}. Run "npm run build" first.\n`,
  );
  process.exit(1);
}
// Node 20 takes no glob and Node 24 no folder, so the files are listed.
const result = spawnSync(process.execPath, ['--test', ...flags, ...tests.sort()], { stdio: 'inherit' });
process.exit(result.status ?? 1);

function collect(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(path, name));
}
