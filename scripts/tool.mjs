// Runs a development tool that the set-up does not install: fetched once from npm into .tools/, at the exact version given.
//
// usage: node scripts/tool.mjs oxlint@1.94.0 oxlint --deny-warnings src

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fetchTool, isExact } from './fetch-tool.mjs';

const [tool, binary, ...args] = process.argv.slice(2);
if (!isExact(tool) || binary === undefined) {
  process.stderr.write('usage: node scripts/tool.mjs PACKAGE@EXACT.VERSION BINARY [arguments]\n');
  process.exit(2);
}
let modules;
try {
  modules = fetchTool(tool);
} catch (error) {
  process.stderr.write(`tool: ${error.message}\n`);
  process.exit(1);
}
process.exit(spawnSync(join(modules, '.bin', binary), args, { stdio: 'inherit' }).status ?? 1);
