/** Pairings by name: with `mix`, the label rule, and `batchSampler`, the prior of the bases, they make every method of mixing. */

import { selectDiskRows } from '../core/disk-rows.js';
import { takeRows } from '../core/matrix.js';
import { integer, number, resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { nearestOnDisk } from '../kernels/index.js';
import { splitChoice, type Choice } from './choice.js';
import {
  betaStep,
  definePairing,
  powerStep,
  type PairingContext,
  type PairingDefinition,
  type Partners,
} from './pairing.js';
import { stepOf, type TrainingRows } from './rows.js';

const alpha = number({
  min: 0.01,
  max: 100,
  default: 1,
  help: 'steps follow Beta(alpha, alpha); 1: all equally likely; small: near either end, hardly mixed; large: half way',
});

export const random = definePairing({
  name: 'random',
  summary: 'a row of the same epoch, so that both ends are drawn alike',
  paper: 'Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", ICLR 2018, arXiv:1710.09412',
  options: { alpha },
  create: ({ options }) => ({
    partner: (_, order, draws) => order[draws.below(order.length)] as number,
    step: betaStep(options.alpha),
  }),
});

export const balanced = definePairing({
  name: 'class-balanced',
  summary: 'a row of a class drawn evenly: what is rare among the bases is not among their partners',
  paper:
    'Galdran, Carneiro, González Ballester, "Balanced-MixUp for Highly Imbalanced Medical Image Classification", MICCAI 2021, arXiv:2109.09850',
  options: {
    alpha: number({
      min: 0.01,
      max: 100,
      default: 0.2,
      help: 'steps towards the partner follow Beta(alpha, 1); small: rows stay as they are; 1: all equally likely; large: rows become their partners',
    }),
  },
  create({ table, classes, options }) {
    const members = Array.from({ length: classes }, (_, c) =>
      Int32Array.from(table.label.keys()).filter((row) => table.label[row] === c),
    ).filter(({ length }) => length > 0);
    return {
      partner(_, __, draws) {
        const rows = members[draws.below(members.length)] as Int32Array;
        return rows[draws.below(rows.length)] as number;
      },
      step: powerStep(options.alpha),
    };
  },
});

const kNeighbors = integer({
  min: 1,
  default: 5,
  help: 'nearest rows to choose the partner from; small: near copies; large: partners as far as random ones',
});

export const nearest = definePairing({
  name: 'nearest',
  summary: 'one of the nearest rows of any class: soft SMOTE',
  paper: 'Cheng, Mai, Lin, "From SMOTE to Mixup for Deep Imbalanced Classification", TAAI 2023, arXiv:2308.15457',
  options: { kNeighbors, alpha },
  create: (context) => neighbors(context, 'all'),
});

export const sameClass = definePairing({
  name: 'same-class',
  summary: 'one of the nearest rows of its own class: SMOTE; a row that is alone in its class stays as it is',
  paper: 'Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 2002',
  options: { kNeighbors, alpha },
  create: (context) => neighbors(context, 'same-class'),
});

/** Partners among the nearest of the different rows there are: copies of a row are no neighbours of it. */
async function neighbors(
  { table, options, kernels, threads, signal }: PairingContext<{ kNeighbors: number; alpha: number }>,
  among: 'all' | 'same-class',
): Promise<Partners> {
  const { rows, rank } = differentRows(table);
  const base = rows.map((row) => table.base[row] as number);
  const k = Math.min(options.kNeighbors, rows.length - 1);
  const asked = {
    labels: rows.map((row) => table.label[row] as number),
    queries: Int32Array.from(rows.keys()),
    k,
    among,
    threads,
    ...(signal && { signal }),
  };
  const { indices } = table.onDisk
    ? await nearestOnDisk(kernels, selectDiskRows(table.onDisk, base), asked)
    : await kernels.nearest({
        x: takeRows({ data: table.x, rows: table.x.length / table.cols, cols: table.cols }, base).data,
        rows: rows.length,
        cols: table.cols,
        ...asked,
      });
  return {
    partner(row, _, draws) {
      const at = (rank.get(table.base[row] as number) as number) * k;
      let found = 0;
      while (found < k && (indices[at + found] as number) >= 0) found++;
      return found === 0 ? row : (rows[indices[at + draws.below(found)] as number] as number);
    },
    step: betaStep(options.alpha),
  };
}

/** The first row of the table for each row of its matrix that it shows whole, and the place of that matrix row among them. */
function differentRows(table: TrainingRows): { rows: Int32Array; rank: Map<number, number> } {
  const { base, count } = table;
  const rank = new Map<number, number>();
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    if (stepOf(table, row) !== 0 || rank.has(base[row] as number)) continue;
    rank.set(base[row] as number, rows.length);
    rows.push(row);
  }
  return { rows: Int32Array.from(rows), rank };
}

export const pairings = { random, 'class-balanced': balanced, nearest, 'same-class': sameClass } as const;

export type PairingName = keyof typeof pairings;

export interface ResolvedPairing {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  create(context: Omit<PairingContext<unknown>, 'options'>): Partners | Promise<Partners>;
}

/** Checks name and options now; rows come later. @throws ERR_OPTION */
export function resolvePairing(choice: Choice): ResolvedPairing {
  const { name, options: given } = splitChoice(choice);
  const definition = lookUp(pairings, 'pairing', name) as unknown as PairingDefinition;
  const options = resolveOptions(name, definition.options, given);
  return { name, options, create: (context) => definition.create({ ...context, options }) };
}
