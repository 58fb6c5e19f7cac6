/** The vote of neighbours about a row, which the edited nearest neighbour rules share. */

import { choice, integer } from '../core/options.js';

export const editRules = {
  kNeighbors: integer({
    min: 1,
    default: 3,
    help: 'nearest rows of any class that judge a row; small: single rows decide; large: whole borders are removed. Cut to the rows there are',
  }),
  kind: choice({
    of: ['all', 'mode'],
    default: 'all',
    help: 'all: a row stays only if every neighbour has its class; mode: if its class has the most votes, and removes less',
  }),
};

/** The class with the most votes among `length` neighbours from `start` on; of several the lower id. −1 without neighbours. */
export function mode(neighbors: Int32Array, start: number, length: number, labels: Int32Array): number {
  let winner = -1;
  let most = 0;
  for (let i = start; i < start + length; i++) {
    const label = labels[neighbors[i] as number] as number;
    let votes = 0;
    for (let j = start; j < start + length; j++) if (labels[neighbors[j] as number] === label) votes++;
    if (votes < most || (votes === most && label > winner)) continue;
    winner = label;
    most = votes;
  }
  return winner;
}

/** Whether the neighbours of `row` agree to its class; without neighbours nobody objects. */
export function agrees(
  kind: 'all' | 'mode',
  row: number,
  neighbors: Int32Array,
  start: number,
  length: number,
  labels: Int32Array,
): boolean {
  const own = labels[row];
  if (kind === 'mode') return length === 0 || mode(neighbors, start, length, labels) === own;
  for (let i = start; i < start + length; i++) if (labels[neighbors[i] as number] !== own) return false;
  return true;
}
