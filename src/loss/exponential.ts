/** 2^-k. */
const powers = Float64Array.from({ length: 128 }, (_, k) => 2 ** -k);
const third = 1 / 6;
const fourth = 1 / 24;
const fifth = 1 / 120;
const sixth = 1 / 720;
const seventh = 1 / 5040;

/**
 * e^x for x <= 0, to 1e-8 of its value: e^x = 2^-k e^r with |r| <= ln 2 / 2, and seven terms of the series of e^r, of which the
 * next is r^8/8! < 6e-9. Twice as fast as Math.exp, which is much of the time of a step with a hundred classes.
 */
export function exponential(x: number): number {
  if (!(x >= -87)) return Math.exp(x);
  const k = (0.5 - x * Math.LOG2E) | 0;
  const r = x + k * Math.LN2;
  const s = r * r;
  return (powers[k] as number) * (1 + r + s * (0.5 + r * third + s * (fourth + r * fifth + s * (sixth + r * seventh))));
}
