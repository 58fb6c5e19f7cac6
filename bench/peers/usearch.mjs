// usearch's exact search over the enemies of each class. Its folder is given by the runner, which fetches it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { array, d, enemyFlops, first, k, measure, spread, threads } from '../measure.mjs';

const { exactSearch, MetricKind } = createRequire(join(process.env.BENCH_USEARCH, 'package.json'))('usearch');
const [x, y, all] = await Promise.all([array('x'), array('y'), array('queries')]);
const queries = spread(all, first);
const rowsOf = (ids) => {
  const rows = new Float32Array(ids.length * d);
  ids.forEach((id, i) => rows.set(x.subarray(id * d, (id + 1) * d), i * d));
  return rows;
};

function search() {
  const found = new Int32Array(queries.length * k);
  for (const label of new Set(y)) {
    const at = [...queries.keys()].filter((q) => y[queries[q]] === label);
    if (at.length === 0) continue;
    const enemies = Int32Array.from(y.keys()).filter((i) => y[i] !== label);
    const own = Int32Array.from(at, (q) => queries[q]);
    const { keys } = exactSearch(rowsOf(enemies), rowsOf(own), d, k, MetricKind.L2sq, threads);
    at.forEach((q, i) => {
      for (let rank = 0; rank < k; rank++) found[q * k + rank] = enemies[Number(keys[i * k + rank])];
    });
  }
  return found;
}
await measure(search, enemyFlops(y, queries, d), (found) => Array.from(found.subarray(0, 100 * k)));
