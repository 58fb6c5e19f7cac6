// Measures Equipoise beside the programs people would use otherwise, on the same rows, each in a process of its own.
//
//   npm run bench                         everything; half an hour to an hour. Writes bench/results.json, docs and README.md
//   npm run bench -- --quick              a fifth of the rows, one round, prints only; about two minutes
//   npm run bench -- --suites gather,gemm replaces only these in the results
//   npm run bench -- --cases main         only these cases of each suite
//   npm run bench -- --report             writes the documents again from bench/results.json
//
// --rounds 3: every round runs every program once, in turn, so that a drift of the machine falls on all alike.
// --n 50000, --threads, --python /usr/bin/python3, --fetch: fetches usearch and transformers.js (474 MB) from npm into .tools/.
// Peers that are not installed are left out, and named. Debian has them as python3-sklearn, python3-imblearn,
// python3-faiss and python3-torch.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultThreads, kernelReport } from '../dist/src/index.js';
import { drawData } from './data.mjs';
import { findPeers, plainEnvironment } from './peers.mjs';
import { printCase, writeDocuments } from './report.mjs';
import { suites } from './suites/index.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const resultsFile = join(here, 'results.json');

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    fetch: { type: 'boolean', default: false },
    suites: { type: 'string', default: suites.map((suite) => suite.name).join(',') },
    cases: { type: 'string' },
    n: { type: 'string' },
    rounds: { type: 'string' },
    threads: { type: 'string', default: String(defaultThreads()) },
    python: { type: 'string', default: existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3' },
  },
});
const chosen = values.suites.split(',').map((name) => {
  const suite = suites.find((one) => one.name === name);
  if (!suite) throw new Error(`Unknown suite ${name}. Known: ${suites.map((one) => one.name).join(', ')}`);
  return suite;
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const size = { n: Number(values.n ?? (values.quick ? 10_000 : 50_000)), threads: Number(values.threads) };

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** One run of one program: its line of JSON, or why there is none. */
function runProgram(program, one, folder, environment) {
  const script = join(here, program.script);
  const [command, ...options] = program.script.endsWith('.py') ? [values.python] : [process.execPath, '--expose-gc'];
  const { d, shape, model, work } = one;
  const { threads = one.threads } = program;
  const given = { threads, d, shape, model, work, data: folder, method: program.method, first: program.first };
  const args = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const { status, stdout, stderr } = spawnSync(command, [...options, script, ...args], {
    encoding: 'utf8',
    env: { ...plainEnvironment, ...environment, ...program.environment },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    const lines = stderr.trim().split('\n');
    return { failed: lines.findLast((line) => line.includes('Error')) ?? lines.at(-1) };
  }
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** How many of the neighbours that we found another program found too, in the first queries that both were given. */
function agreement(ours, theirs) {
  if (!ours || !theirs) return undefined;
  const k = 10;
  let same = 0;
  for (let q = 0; q < theirs.length; q += k) {
    const known = new Set(ours.slice(q, q + k));
    same += theirs.slice(q, q + k).filter((id) => known.has(id)).length;
  }
  return same / theirs.length;
}

async function measureCase(suite, one, { versions, environment }) {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-bench-'));
  const loads = [];
  try {
    if (suite.draw) await suite.draw(folder, one);
    else if (!one.shape) await drawData(folder, one);
    const programs = suite.programs.filter(
      ({ inCurves, works }) => (!one.curve || inCurves) && (!works || works.includes(one.work)),
    );
    const missing = programs.filter((program) => program.needs && !versions[program.needs]).map(({ name }) => name);
    const present = programs.filter(({ name }) => !missing.includes(name));
    const lines = new Map(present.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const [place] of present.entries()) {
        const program = present[(place + round) % present.length];
        loads.push(loadavg()[0]);
        const line = runProgram(program, one, folder, environment);
        if (line.failed) console.error(`${suite.name} ${one.id}, ${program.name}: ${line.failed}`);
        else lines.get(program.name).push({ ...line, rate: line.amount / line.best / suite.per });
      }
    const ours = lines.get(programs.find((program) => program.ours).name);
    const plain = lines.get(programs.find((program) => program.float32)?.name);
    if (ours.length < rounds) throw new Error(`${suite.name} ${one.id} cannot be compared: our own program failed`);
    return {
      suite: suite.name,
      ...one,
      load: [Math.min(...loads), Math.max(...loads)],
      missing,
      failed: present.map(({ name }) => name).filter((name) => lines.get(name).length < rounds),
      programs: present
        .filter(({ name }) => lines.get(name).length === rounds)
        .map((program) => {
          const runs = lines.get(program.name);
          const ratioOf = (of) => {
            const ratios = runs.map(({ rate }, round) => of[round].rate / rate);
            return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
          };
          return {
            name: program.name,
            version: program.needs && versions[program.needs],
            seconds: median(runs.map(({ best }) => best)),
            rate: median(runs.map(({ rate }) => rate)),
            peak: median(runs.map(({ peak }) => peak)),
            ...(typeof runs[0].reached === 'number' && { reached: median(runs.map(({ reached }) => reached)) }),
            ...(program.first && { first: program.first }),
            ...(!program.ours &&
              !program.variant &&
              !program.float32 && {
                ratio: ratioOf(ours),
                ...(plain?.length === rounds && { float32: ratioOf(plain) }),
                // Fewer queries are other queries.
                agreement: program.first ? undefined : agreement(ours[0].sample, runs[0].sample),
              }),
          };
        }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const machine = {
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  kernels: `${kernelReport().backend} (${kernelReport().isa})`,
};
/** Processors of several generations may go by one name. */
function generation() {
  const info = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const [family, model] = [/^cpu family\s*: (\d+)/m, /^model\s*: (\d+)/m].map((pattern) => pattern.exec(info)?.[1]);
  return family && model ? `family ${family}, model ${model}` : undefined;
}

let results = { machine, rounds, cases: [] };
if (existsSync(resultsFile)) {
  const before = JSON.parse(await readFile(resultsFile, 'utf8'));
  // Figures of another machine are nothing to compare with.
  if (values.report || before.machine.processor === machine.processor)
    results = { ...before, ...(!values.report && { machine }) };
}

if (!values.report) {
  const peers = findPeers(root, { python: values.python, fetch: values.fetch });
  console.log(`${machine.processor}, ${machine.cores} cores; peers: ${JSON.stringify(peers.versions)}`);
  for (const suite of chosen) {
    const wanted = values.cases?.split(',');
    const cases = suite
      .cases(size)
      .filter(({ id, main, long }) => (wanted ? wanted.includes(id) : !values.quick || (main && !long)));
    for (const one of cases) {
      const done = { ...(await measureCase(suite, one, peers)), rounds, generation: generation() };
      printCase(suite, done);
      // In its old place, so that tables keep their order.
      const at = results.cases.findIndex(({ suite: of, id }) => of === suite.name && id === one.id);
      results.cases = at < 0 ? [...results.cases, done] : results.cases.with(at, done);
      results.versions = peers.versions;
      // After each, so that a run that is stopped keeps what it has measured.
      if (!values.quick) await writeFile(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
    }
  }
}
if (!values.quick) await writeDocuments(root, suites, results);
