// Which peers this machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const modules = ['numpy', 'sklearn', 'imblearn', 'faiss', 'torch'];
const probe = `
import importlib, json
found = {}
for name in ${JSON.stringify(modules)}:
    try:
        found[name] = importlib.import_module(name).__version__
    except Exception:
        pass
try:
    import numpy, threadpoolctl
    blas = [part for part in threadpoolctl.threadpool_info() if part["user_api"] == "blas"]
    found["blas"] = f"{blas[0]['internal_api']} {blas[0]['version']}"
except Exception:
    pass
print(json.dumps(found))
`;

/** Versions of the Python modules that load. */
function pythonVersions(python) {
  const { stdout, status } = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout.trim().split('\n').at(-1)) : {};
}

const USEARCH = '2.26.2';

/** usearch in .tools/, where it is or may be fetched to. */
function usearch(root, fetch) {
  const folder = join(root, '.tools', `usearch-${USEARCH}`);
  const manifest = join(folder, 'node_modules', 'usearch', 'package.json');
  if (!existsSync(manifest) && fetch) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--no-audit', '--no-fund', '--no-save', `usearch@${USEARCH}`];
    const { status, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) console.error(`usearch could not be fetched: ${stderr.trim().split('\n').at(-1)}`);
  }
  return existsSync(manifest) ? { folder, version: JSON.parse(readFileSync(manifest, 'utf8')).version } : undefined;
}

/** `versions` of all that is there, and the environment that programs need to find it. */
export function findPeers(root, { python, fetch }) {
  const versions = pythonVersions(python);
  const found = usearch(root, fetch);
  if (found) versions.usearch = found.version;
  return { versions, environment: { PYTHONDONTWRITEBYTECODE: '1', ...(found && { BENCH_USEARCH: found.folder }) } };
}
