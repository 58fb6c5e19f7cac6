// Which peers this machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What this process was given, but for what would choose the kernels of OpenBLAS: peers run at the speed of their own choice. */
export const plainEnvironment = { ...process.env };
delete plainEnvironment.OPENBLAS_CORETYPE;
delete plainEnvironment.OPENBLAS_L2_SIZE;

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
    found["blas"] = f"{blas[0]['internal_api']} {blas[0]['version']} ({blas[0].get('architecture', 'unknown')} kernels)"
except Exception:
    pass
print(json.dumps(found))
`;

/** Versions of the Python modules that load. */
function pythonVersions(python) {
  const { stdout, status } = spawnSync(python, ['-c', probe], { encoding: 'utf8', env: plainEnvironment });
  return status === 0 ? JSON.parse(stdout.trim().split('\n').at(-1)) : {};
}

/** npm packages that are no dependency, by the variable that tells a program where each one is. */
const packages = {
  BENCH_USEARCH: { name: 'usearch', version: '2.26.2', scripts: true },
  BENCH_TRANSFORMERS: { name: '@huggingface/transformers', version: '4.3.1', scripts: false },
};

/** The package in .tools/, where it is or may be fetched to. */
function npmPackage(root, { name, version, scripts }, fetch) {
  const folder = join(root, '.tools', `${name.replaceAll('/', '-')}-${version}`);
  const manifest = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(manifest) && fetch) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const flags = ['--no-audit', '--no-fund', '--no-save', ...(scripts ? [] : ['--ignore-scripts'])];
    const install = spawnSync('npm', ['install', ...flags, `${name}@${version}`], { cwd: folder, encoding: 'utf8' });
    if (install.status !== 0)
      console.error(`${name} could not be fetched: ${install.stderr.trim().split('\n').at(-1)}`);
  }
  return existsSync(manifest) ? { folder, version: JSON.parse(readFileSync(manifest, 'utf8')).version } : undefined;
}

/** `versions` of all that is there, and the environment that programs need to find it. */
export function findPeers(root, { python, fetch }) {
  const versions = pythonVersions(python);
  const runtime = JSON.parse(readFileSync(join(root, 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8'));
  versions['onnxruntime-node'] = runtime.version;
  const environment = { PYTHONDONTWRITEBYTECODE: '1' };
  for (const [variable, wanted] of Object.entries(packages)) {
    const found = npmPackage(root, wanted, fetch);
    if (!found) continue;
    versions[wanted.name] = found.version;
    environment[variable] = found.folder;
  }
  return { versions, environment };
}
