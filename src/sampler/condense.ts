/** Hart's rule: of a class, the rows that those already stored would misjudge. */

import { integer } from '../core/options.js';
import { EquipoiseError, show, throwIfAborted } from '../core/errors.js';
import { takeRows } from '../core/matrix.js';
import type { UnderTask } from './define-under-sampler.js';
import { seedRule } from './entry.js';
import { concat } from './search.js';

export const condenseRules = {
  kNeighbors: integer({
    min: 1,
    default: 1,
    help: 'stored rows that judge a row; 1: the nearest, as in the paper; large: rows near the border are stored, too. Cut to the rows stored',
  }),
  seedRows: integer({
    min: 1,
    default: 1,
    help: 'rows of each large class to begin with, drawn at random; large: more rows stay. Cut to the size of the class',
  }),
  seed: seedRule,
};

export interface ClassToCondense {
  readonly own: Int32Array;
  /** Rows of `own` to begin with. */
  readonly seeds: Int32Array;
  /** The smallest class and the seeds. */
  readonly stored: Int32Array;
  /** The other rows of the class, ascending. */
  readonly candidates: Int32Array;
}

/** @throws ERR_OPTION where the smallest class is to lose rows. */
export function classesToCondense(task: UnderTask<{ seedRows: number }>, owner: string): ClassToCondense[] {
  const { targets, members, minority, options, set } = task;
  if (targets.includes(minority))
    throw new EquipoiseError(
      'ERR_OPTION',
      `${owner}.samplingStrategy names the smallest class, ${show(set.classNames[minority])}, but its rows are what ${owner} judges the others by. Name other classes`,
    );
  return targets.map((c) => {
    const own = members[c] as Int32Array;
    const drawn = task.rng(c).permutation(own.length).subarray(0, options.seedRows);
    const seeds = drawn.map((i) => own[i] as number);
    const stored = concat([members[minority] as Int32Array, seeds]);
    return { own, seeds, stored, candidates: own.filter((row) => !seeds.includes(row)) };
  });
}

/** The nearest stored rows of a row, nearest first. */
interface Judges {
  readonly rows: number[];
  readonly l2sq: number[];
}

/** Puts a row where it belongs among the k nearest. */
function insert({ rows, l2sq }: Judges, row: number, distance: number, k: number): void {
  let at = rows.length;
  while (at > 0 && (distance < l2sq[at - 1]! || (distance === l2sq[at - 1] && row < rows[at - 1]!))) at--;
  if (at >= k) return;
  rows.splice(at, 0, row);
  l2sq.splice(at, 0, distance);
  if (rows.length > k) {
    rows.pop();
    l2sq.pop();
  }
}

export interface Condensing {
  /** Rows of the smallest class and the seeds. */
  readonly stored: Int32Array;
  /** Rows of one class, in the order in which they are judged. */
  readonly candidates: Int32Array;
  readonly k: number;
  /** Whether a row that is stored judges those after it. */
  readonly growing: boolean;
}

/** Rows judged between two searches among everything stored. */
const batch = 512;

/**
 * Judges each candidate by the k nearest rows stored, and stores it where they outvote its class (votes that tie go to the class
 * earlier in the class table).
 *
 * Rows stored on the way only add votes for the candidates' own class, so of each batch only the rows misjudged at its start are
 * looked at again. The work is batches of searches, and memory the stored rows, a batch and its distances.
 * @returns the rows that were stored, in the order of `candidates`.
 */
export async function condense(
  { x, set, search, searchAmong, signal }: Pick<UnderTask<unknown>, 'x' | 'set' | 'search' | 'searchAmong' | 'signal'>,
  { stored, candidates, k, growing }: Condensing,
): Promise<number[]> {
  const { labels } = set;
  const own = labels[candidates[0] as number] as number;
  const misjudged = ({ rows }: Judges): boolean => {
    const votes = rows.filter((row) => labels[row] === own).length;
    const others = rows.length - votes;
    return votes < others || (votes === others && rows.some((row) => (labels[row] as number) < own));
  };
  const added: number[] = [];
  const size = growing ? batch : candidates.length;
  for (let start = 0; start < candidates.length; start += size) {
    throwIfAborted(signal, 'condensing');
    const some = candidates.subarray(start, start + size);
    const open: number[] = [];
    const judges: Judges[] = [];
    await searchAmong({
      queries: some,
      candidates: Int32Array.from([...stored, ...added]),
      k,
      found: ({ k: width, indices, l2sq }, from) => {
        for (let q = 0; q * width < indices.length; q++) {
          const part = [q * width, (q + 1) * width] as const;
          const found = { rows: [...indices.subarray(...part)], l2sq: [...l2sq.subarray(...part)] };
          if (!misjudged(found)) continue;
          open.push(some[from + q] as number);
          judges.push(found);
        }
      },
    });
    if (!growing) {
      added.push(...open);
      continue;
    }
    const rows = Int32Array.from(open);
    const distances = await betweenAll(rows);
    for (let i = 0; i < rows.length; i++) {
      if (!misjudged(judges[i] as Judges)) continue;
      added.push(rows[i] as number);
      for (let j = i + 1; j < rows.length; j++)
        insert(judges[j] as Judges, rows[i] as number, distances[j * rows.length + i] as number, k);
    }
  }
  return added;

  /** (rows, rows) squared distances. */
  async function betweenAll(rows: Int32Array): Promise<Float32Array> {
    const n = rows.length;
    const square = new Float32Array(n * n);
    if (n < 2) return square;
    const { indices, l2sq } = await search({ k: n - 1, among: 'all', space: takeRows(x, rows) });
    for (let at = 0; at < indices.length; at++)
      square[Math.floor(at / (n - 1)) * n + (indices[at] as number)] = l2sq[at] as number;
    return square;
  }
}
