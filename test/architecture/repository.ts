/** Where the repository is, and its files, for tests that read it as text. */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  return findRoot(dirname(from));
}

export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

const generated = new Set(['node_modules', 'dist', '.git', '.setup', 'equipoise-demo']);

/** Files under a folder of the repository with one of the endings, as paths from the root with `/`, sorted. */
export function filesUnder(folder: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (dir: string) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (generated.has(entry.name) || /^build(-|$)/.test(entry.name)) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (endings.some((ending) => entry.name.endsWith(ending)))
        found.push(relative(root, path).split(sep).join('/'));
    }
  };
  walk(join(root, folder));
  return found.sort();
}
