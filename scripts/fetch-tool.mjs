// Fetches a development tool that the set-up does not install: once from npm into .tools/, at the exact version given.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const isExact = (tool) => /^@?[a-z0-9/-]+@\d+\.\d+\.\d+(-[\w.-]+)?$/.test(tool ?? '');

/**
 * The node_modules folder that holds the tool, as in `fetchTool('oxlint@1.94.0')`. Its install scripts are not run.
 * With `otherPlatform` a package made for another processor or system is fetched all the same.
 */
export function fetchTool(tool, { otherPlatform = false } = {}) {
  if (!isExact(tool)) throw new Error(`Expected PACKAGE@EXACT.VERSION but received ${tool}`);
  const folder = join(root, '.tools', tool.replaceAll('/', '-'));
  const modules = join(folder, 'node_modules');
  if (existsSync(modules)) return modules;
  // Under another name until it is whole, so that an interrupted download is not taken for the tool.
  const fetching = `${folder}.${process.pid}`;
  mkdirSync(fetching, { recursive: true });
  writeFileSync(join(fetching, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', ...(otherPlatform ? ['--force'] : [])];
  const install = spawnSync('npm', ['install', ...flags, tool], { cwd: fetching, encoding: 'utf8' });
  if (install.status !== 0) {
    rmSync(fetching, { recursive: true });
    throw new Error(`${install.stdout}${install.stderr}could not install ${tool}`);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(fetching, folder);
  return modules;
}
