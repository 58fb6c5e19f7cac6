import { expected } from '../core/errors.js';
import { boolean, choice, integer, number } from '../core/options.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import type { ClassSource, Neighbors } from './sampler.js';

/** How often `kNeighbors` may double before the nearest enemies are searched directly: 10 → 320, as far as the paper's study of K goes. */
const DOUBLINGS = 5;

/** Bases and, for each, the rows it may move towards: base i's are `others[offsets[i]]` … `others[offsets[i + 1] − 1]`. */
interface Frontier {
  readonly bases: Int32Array;
  readonly offsets: Int32Array;
  readonly others: Int32Array;
}

function findFrontier(members: Int32Array, { k, indices }: Neighbors, labels: Int32Array, released: boolean): Frontier {
  const bases: number[] = [];
  const offsets: number[] = [0];
  const others: number[] = [];
  members.forEach((base, row) => {
    const own = labels[base];
    for (let rank = 0; rank < k; rank++) {
      const neighbor = indices[row * k + rank] as number;
      if (neighbor < 0) break;
      if (labels[neighbor] === own) continue;
      if (!released) others.push(neighbor);
      // The released code ranks enemies in a list without self, then fetches from the list with self: one rank nearer.
      else others.push(rank === 0 ? base : (indices[row * k + rank - 1] as number));
    }
    if (others.length === offsets.at(-1)) return;
    bases.push(base);
    offsets.push(others.length);
  });
  return { bases: Int32Array.from(bases), offsets: Int32Array.from(offsets), others: Int32Array.from(others) };
}

function drawFrom(
  { bases, offsets, others }: Frontier,
  lambdaMax: number,
): Pick<ClassSource, 'draw' | 'eligibleBases'> {
  return {
    eligibleBases: bases.length,
    draw(draws, recipe) {
      const i = draws.below(bases.length);
      const first = offsets[i] as number;
      recipe.base = bases[i] as number;
      recipe.other = others[first + draws.below((offsets[i + 1] as number) - first)] as number;
      recipe.step = draws.uniform() * lambdaMax;
    },
  };
}

/**
 * Expansive Over-Sampling. Base uniform among the class's rows that have an enemy in reach, enemy uniform among those, step
 * uniform; the row keeps the base's label. A class without an enemy in reach doubles `kNeighbors`, at most five times, and then
 * takes its nearest enemies wherever they are; the plan's `perClass` says so.
 */
export const eos = defineSampler({
  name: 'eos',
  summary: 'interpolate from a minority sample towards one of its nearest enemies',
  paper:
    'Dablain, Bellinger, Krawczyk, Chawla, "Efficient Augmentation for Imbalanced Deep Learning", arXiv:2207.06080',
  towards: 'enemies',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 10,
      help: 'how far to look; small: few rows have an enemy in reach; large: distant enemies, blunter frontier',
    }),
    reach: choice({
      of: ['neighborhood', 'any'],
      default: 'neighborhood',
      help: 'neighborhood: enemies that occur among the kNeighbors nearest rows of any class, as in the paper; any: the kNeighbors nearest enemies, so that every row is a base',
    }),
    lambdaMax: {
      ...number({
        default: 1,
        help: 'longest step as a share of the way to the enemy; small: near copies of the base; 1: up to the enemy itself, as in the paper',
      }),
      accepts: 'number > 0 and <= 1',
      check: (value) => typeof value === 'number' && value > 0 && value <= 1,
    },
    released: boolean({
      default: false,
      help: "reproduce the off-by-one of the authors' code, which moves towards the row one rank nearer than the chosen enemy; for comparison only",
    }),
  },
  check({ released, reach }) {
    if (released && reach === 'any')
      throw expected('false with reach "any"', 'eos.released', released, 'The released code only knows "neighborhood"');
  },
  async prepare({ set, members, options, search }) {
    const { kNeighbors, reach, lambdaMax, released } = options;
    const { labels } = set;
    const nearestEnemies = async (fallback?: string): Promise<ClassSource> => {
      const enemies = labels.length - members.length;
      const found = await search({ k: kNeighbors, among: 'enemies', ...(fallback && { rows: members }) });
      return {
        ...drawFrom(findFrontier(members, found, labels, false), lambdaMax),
        ...usedNeighbors(kNeighbors, Math.min(found.k, enemies)),
        ...(fallback && { fallback }),
      };
    };
    if (reach === 'any') return nearestEnemies();

    let found = await search({ k: kNeighbors, among: 'all' });
    let frontier = findFrontier(members, found, labels, released);
    const first = found.k;
    for (let i = 0; i < DOUBLINGS && frontier.bases.length === 0; i++) {
      found = await search({ k: found.k * 2, among: 'all', rows: members });
      frontier = findFrontier(members, found, labels, released);
    }
    const none = `no row has an enemy among its ${first} nearest`;
    if (frontier.bases.length === 0)
      return nearestEnemies(`${none}, nor among ${found.k}: moves towards the nearest enemies wherever they are`);
    return {
      ...drawFrom(frontier, lambdaMax),
      ...usedNeighbors(kNeighbors, found.k),
      ...(found.k > first && { fallback: `${none}: widened to ${found.k}` }),
    };
  },
});
