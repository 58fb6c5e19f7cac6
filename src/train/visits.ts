/** Which rows each epoch visits, in which order, and mixed with whom. */

import { createRng } from '../core/rng.js';
import type { Kernels } from '../kernels/index.js';
import type { Mix } from '../mix/index.js';
import type { FillOrder } from './batch-sampler.js';
import type { ResolvedBatchSampler } from './batch-samplers.js';
import type { ResolvedPairing } from './pairings.js';
import { mixRows, type TrainingRows } from './rows.js';
import type { Visits } from './stretches.js';

export interface VisitSettings {
  /** Rows of the first epoch, and of all where nothing draws them anew. */
  readonly table: TrainingRows;
  /** Rows of a later epoch. */
  readonly redraw?: (epoch: number) => Promise<TrainingRows>;
  /** Without it rows are visited as they lie. */
  readonly batchSampler?: ResolvedBatchSampler;
  /** Classes that it tells apart. */
  readonly strata: number;
  readonly mixing?: { readonly mix: Mix; readonly pairing: ResolvedPairing };
  readonly classCounts: Int32Array;
  readonly epochs: number;
  readonly epochRows: number;
  readonly seed: number;
  readonly kernels: Kernels;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

export interface EpochVisits {
  /** Of one epoch after the other; the order is written over two epochs later. */
  of(epoch: number): Promise<Visits>;
  /** Draws the order of the next epoch, if it is known by now: for while a kernel computes elsewhere. */
  drawAhead(epoch: number): void;
}

const inOrder: FillOrder = (out) => out.forEach((_, i) => (out[i] = i));

export async function createVisits(settings: VisitSettings): Promise<EpochVisits> {
  const { redraw, batchSampler, strata, mixing, classCounts, epochs, epochRows, seed, kernels, threads, signal } =
    settings;
  let { table } = settings;
  const orderRng = createRng(seed, `batches/${batchSampler?.name}`);
  const mixRng = createRng(seed, 'mix');
  const fillOrder = (epoch: number): FillOrder =>
    batchSampler?.create({
      labels: table.label,
      classes: strata,
      rng: redraw ? orderRng.substream(epoch) : orderRng,
    }) ?? inOrder;
  const findPartners = () =>
    mixing?.pairing.create({ table, classes: classCounts.length, kernels, threads, ...(signal && { signal }) });

  let fill = fillOrder(0);
  let partners = await findPartners();
  let order: Int32Array | undefined;
  let next: Int32Array | undefined;
  let drawn = -1;
  const draw = (epoch: number): Int32Array => {
    next ??= new Int32Array(epochRows);
    if (drawn < epoch) fill(next, epoch, epochs);
    drawn = epoch;
    return next;
  };
  return {
    async of(epoch) {
      if (redraw && epoch > 0) {
        table = await redraw(epoch);
        fill = fillOrder(epoch);
        partners = await findPartners();
      }
      const before = order;
      order = draw(epoch);
      next = redraw ? order : before;
      if (!mixing || !partners) return { table, order };
      const mixed = mixRows(table, order, mixing.mix, partners, classCounts, mixRng.at(epoch));
      inOrder(order, epoch, epochs);
      return { table: mixed, order };
    },
    drawAhead(epoch) {
      if (!redraw && epoch < epochs) draw(epoch);
    },
  };
}
