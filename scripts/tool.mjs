// Runs a development tool that the set-up does not install: fetched once from npm into .tools/, at the exact version given.
//
// usage: node scripts/tool.mjs oxlint@1.94.0 oxlint --deny-warnings src

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [tool, binary, ...args] = process.argv.slice(2);
if (!/^@?[a-z0-9/-]+@\d+\.\d+\.\d+$/.test(tool ?? '') || binary === undefined) {
  process.stderr.write('usage: node scripts/tool.mjs PACKAGE@EXACT.VERSION BINARY [arguments]\n');
  process.exit(2);
}
const folder = join(root, '.tools', tool.replaceAll('/', '-'));
const executable = join(folder, 'node_modules', '.bin', binary);
if (!existsSync(executable)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--no-save', tool], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (install.status !== 0) {
    process.stderr.write(`${install.stdout}${install.stderr}tool: could not install ${tool}\n`);
    process.exit(1);
  }
}
process.exit(spawnSync(executable, args, { stdio: 'inherit', cwd: process.cwd() }).status ?? 1);
