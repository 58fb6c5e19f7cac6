/** Entropic optimal transport between small clouds of mass. */

export interface Transport {
  /** The dual potential of each source: how the cost changes with its mass, up to a constant. */
  readonly sources: Float64Array;
  readonly targets: Float64Array;
  /** Σ a f + Σ b g: the cost of the plan less epsilon times its entropy relative to a bᵀ. */
  readonly value: number;
  readonly iterations: number;
}

/**
 * Sinkhorn's iterations in the log domain, P_ij = a_i b_j exp((f_i + g_j − c_ij) / epsilon), until the masses that leave the sources are
 * right to `tolerance` in sum (those that reach the targets always are).
 * @param cost (n, m). Masses that are 0 take no part.
 */
export function sinkhorn(
  cost: Float64Array,
  a: Float64Array,
  b: Float64Array,
  { epsilon, tolerance, iterations: most }: { epsilon: number; tolerance: number; iterations: number },
): Transport {
  const [n, m] = [a.length, b.length];
  const sources = new Float64Array(n);
  const targets = new Float64Array(m);
  /** −epsilon log Σ_k mass_k exp((potential_k − c_k) / epsilon). */
  const soften = (mass: Float64Array, potential: Float64Array, first: number, stride: number): number => {
    let highest = -Infinity;
    for (let k = 0, at = first; k < mass.length; k++, at += stride)
      if ((mass[k] as number) > 0) highest = Math.max(highest, (potential[k] as number) - (cost[at] as number));
    let sum = 0;
    for (let k = 0, at = first; k < mass.length; k++, at += stride)
      sum += (mass[k] as number) * Math.exp(((potential[k] as number) - (cost[at] as number) - highest) / epsilon);
    return -highest - epsilon * Math.log(sum);
  };
  let iterations = 0;
  for (let error = Infinity; iterations < most && error > tolerance; iterations++) {
    error = 0;
    for (let i = 0; i < n; i++) {
      const next = soften(b, targets, i * m, 1);
      // With the potentials as they were, row i of the plan sums to a_i exp((f_i − next) / epsilon).
      error += (a[i] as number) * Math.abs(Math.exp(((sources[i] as number) - next) / epsilon) - 1);
      sources[i] = next;
    }
    for (let j = 0; j < m; j++) targets[j] = soften(a, sources, j, m);
  }
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);
  return { sources, targets, value: dot(a, sources) + dot(b, targets), iterations };
}
