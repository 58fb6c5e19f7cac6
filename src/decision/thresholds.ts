import { defineRule, type RuleContext } from './rule.js';
import { Tally } from './tally.js';

/** Sweeps over the classes; each ends higher than the one before, and most searches end after three. */
const mostSweeps = 20;
/** Nearer limits are one: between them float32 could not decide. Relative to the larger, or to 1. */
const together = 1e-5;
/** Looks a sweep that are taken at places where nothing but precision could have risen; beyond, every so manieth is. */
const looksASweep = 50_000;
/** Beyond the outermost limit; e-fold odds. */
const beyond = 1;

/**
 * Climbs from `start`, one class's offset at a time: all others fixed, the prediction of a row changes at one offset of the
 * class, so that the best of all offsets is found by walking over the rows in the order of theirs. (Of more than 50,000 rows times
 * classes, some places where a row turns from one wrong class to another go unseen; with two classes there are none.)
 */
export function climb(
  { held, value }: Pick<RuleContext, 'held' | 'value'>,
  start: readonly number[],
): { offsets: Float64Array; best: number } {
  const { logits, labels, classes } = held;
  const rows = labels.length;
  const offsets = Float64Array.from(start, Math.fround);
  const scoreOf = (i: number, c: number) => Math.fround((logits[i * classes + c] as number) + (offsets[c] as number));
  const first = new Int32Array(rows);
  const second = new Int32Array(rows);
  const rank = (i: number) => {
    let [one, two] = [0, -1];
    for (let c = 1; c < classes; c++) {
      if (scoreOf(i, c) > scoreOf(i, one)) [one, two] = [c, one];
      else if (two < 0 || scoreOf(i, c) > scoreOf(i, two)) two = c;
    }
    first[i] = one;
    second[i] = two;
  };
  for (let i = 0; i < rows; i++) rank(i);
  let best = value(new Tally(classes, labels, first));

  const rival = new Int32Array(rows);
  const limit = new Float64Array(rows);
  const order = Array.from({ length: rows }, (_, i) => i);
  const stride = Math.ceil((rows * classes) / looksASweep);
  const apart = (a: number, b: number) => b - a > together * Math.max(1, Math.abs(a), Math.abs(b));

  /** The best offset of class c, where it is better than the present one. */
  const bestOffset = (c: number): number | undefined => {
    for (let i = 0; i < rows; i++) {
      rival[i] = (first[i] === c ? second[i] : first[i]) as number;
      limit[i] = scoreOf(i, rival[i] as number) - (logits[i * classes + c] as number);
    }
    order.sort((a, b) => limit[a]! - limit[b]! || a - b);
    const at = (place: number) => limit[order[place] as number] as number;
    const wins = (place: number) => labels[order[place] as number] === c;
    const isEnd = (place: number) => place === rows - 1 || apart(at(place), at(place + 1));
    const tally = new Tally(classes, labels, rival);
    let found: number | undefined;
    // A place is worth a look after a row that gained, or lost nothing, by turning to c, and not where the next row gains by it.
    let fresh = true;
    let unlost = 0;
    for (let place = -1; place < rows; place++) {
      if (place >= 0) {
        const i = order[place] as number;
        tally.move(labels[i] as number, rival[i] as number, c);
        if (labels[i] === c || (labels[i] !== rival[i] && unlost++ % stride === 0)) fresh = true;
        if (!isEnd(place)) continue;
      }
      const gains = place < rows - 1 && wins(place + 1) && isEnd(place + 1);
      if (!fresh || gains) continue;
      fresh = false;
      const reached = value(tally);
      if (!(reached > best + 1e-12)) continue;
      best = reached;
      found = place < 0 ? at(0) - beyond : place === rows - 1 ? at(place) + beyond : (at(place) + at(place + 1)) / 2;
    }
    return found;
  };

  for (let sweep = 0, moved = true; moved && sweep < mostSweeps; sweep++) {
    moved = false;
    for (let c = 0; c < classes; c++) {
      const offset = bestOffset(c);
      if (offset === undefined) continue;
      moved = true;
      offsets[c] = Math.fround(offset);
      for (let i = 0; i < rows; i++)
        if (first[i] === c || second[i] === c || scoreOf(i, c) >= scoreOf(i, second[i] as number)) rank(i);
    }
  }
  return { offsets, best };
}

/** The same decisions, and thresholds p_c / t_c, for any common offset: these add up to 0. */
function centred(offsets: Float64Array): number[] {
  const mean = offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length;
  return Array.from(offsets, (offset) => Math.fround(offset - mean));
}

/** Thresholds t that add up to 1: the class with the largest p_c / t_c is named. With two classes, those that p is compared with. */
export function thresholdsOf(offsets: readonly number[]): number[] {
  const highest = Math.max(...offsets.map((offset) => -offset));
  const odds = offsets.map((offset) => Math.exp(-offset - highest));
  const total = odds.reduce((sum, value) => sum + value, 0);
  return odds.map((value) => value / total);
}

export const thresholds = defineRule({
  name: 'thresholds',
  summary:
    'a threshold a class, each the best of all while the others stand still: exact with two classes; as many numbers as classes, so it needs dozens of held-out rows of each',
  paper:
    'customary; for F1: Lipton, Elkan, Narayanaswamy, "Optimal Thresholding of Classifiers to Maximize F1 Measure", ECML 2014, arXiv:1402.1892',
  fit(context) {
    // From the logits as they are, and from where every class would be as frequent as any other.
    const starts = [context.shares.map(() => 0), context.shares.map((share) => -Math.log(share))];
    const climbed = starts.map((start) => climb(context, start));
    const top = climbed.reduce((a, b) => (b.best > a.best + 1e-12 ? b : a));
    const offsets = centred(top.offsets);
    return { offsets, found: { thresholds: thresholdsOf(offsets) } };
  },
});
