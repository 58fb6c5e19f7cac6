import { custom, integer, number } from '../core/options.js';
import { defineSolver, type SolverOutcome } from './optimizer.js';

/** Sufficient decrease and curvature of the strong Wolfe conditions (Nocedal, Wright, "Numerical Optimization", ch. 3). */
const decrease = 1e-4;
const curvature = 0.9;
const trials = 20;

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

/**
 * Limited-memory BFGS on loss + l2/2 · ‖parameters‖², each step over all rows with a strong-Wolfe line search.
 * With several `l2` it solves for the first, goes on to the next from there, and the validation rows choose among all iterates.
 */
export const lbfgs = defineSolver({
  name: 'lbfgs',
  summary: 'quasi-Newton steps over all rows at once: the exact optimum of a linear head in some tens of steps',
  paper:
    'Liu, Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45, 1989',
  options: {
    memory: integer({
      min: 1,
      max: 100,
      default: 10,
      help: 'past steps remembered; few: more iterations; many: more memory',
    }),
    l2: custom<number | readonly number[]>({
      accepts: 'number >= 0, or a descending array of them',
      default: 1e-4,
      help: 'half the pull towards 0; 0: a separable set has no optimum; large: underfits; an array: tried in turn, validation rows choose',
      check: (value) => {
        const list = Array.isArray(value) ? value : [value];
        return list.length > 0 && list.every((v, i) => Number.isFinite(v) && v >= 0 && (i === 0 || v < list[i - 1]));
      },
    }),
    tolerance: number({
      min: 0,
      default: 1e-5,
      help: 'largest slope of any parameter at which it is done; small: float32 noise is all that is left; large: unfinished',
    }),
  },
  needsValidation: ({ l2 }) =>
    Array.isArray(l2) && l2.length > 1 ? 'lbfgs.l2 with several values needs rows that choose among them' : undefined,
  solve(parameters, options) {
    const step = lbfgsSteps(parameters, options);
    return async (objective) => {
      const asking = step();
      for (let asked = asking.next(); ; asked = asking.next(await objective.evaluate(asked.value)))
        if (asked.done) return asked.value;
    };
  },
});

/**
 * The steps themselves: each asks for the loss at the present parameters by yielding the array that its gradient goes to, so
 * that whoever computes it may do so at once or elsewhere.
 */
export function lbfgsSteps(
  parameters: readonly Float32Array[],
  { memory, l2, tolerance }: { memory: number; l2: number | readonly number[]; tolerance: number },
): () => Generator<Float64Array, SolverOutcome, number> {
  const strengths = typeof l2 === 'number' ? [l2] : [...l2];
  const size = parameters.reduce((sum, { length }) => sum + length, 0);
  const vector = () => new Float64Array(size);
  // Kept in float64: a line search compares values that differ by less than float32 parameters could carry.
  const here = vector();
  const direction = vector();
  const moves: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  const alphas = new Float64Array(memory);
  let strength = 0;
  let begun = false;

  let gradient = vector();
  let nextGradient = vector();
  /** Loss and penalised loss where the parameters are, with the gradient of the latter in `gradient`. */
  let loss = NaN;
  let value = NaN;

  const gather = () => {
    let at = 0;
    for (const part of parameters) {
      here.set(part, at);
      at += part.length;
    }
  };
  const place = (step: number) => {
    let at = 0;
    for (const part of parameters)
      for (let j = 0; j < part.length; j++, at++) part[j] = (here[at] as number) + step * (direction[at] as number);
  };
  /** Adds the penalty to a loss and its gradient at the present parameters. */
  const penalise = (unpenalised: number, slope: Float64Array) => {
    const l = strengths[strength] as number;
    let square = 0;
    let at = 0;
    for (const part of parameters)
      for (let j = 0; j < part.length; j++, at++) {
        const w = part[j] as number;
        square += w * w;
        slope[at] = (slope[at] as number) + l * w;
      }
    return unpenalised + (l / 2) * square;
  };

  /** −H g by the two-loop recursion. */
  const aim = () => {
    for (let i = 0; i < size; i++) direction[i] = -(gradient[i] as number);
    for (let m = moves.length - 1; m >= 0; m--) {
      const { s, y, rho } = moves[m] as (typeof moves)[number];
      const alpha = rho * dot(s, direction);
      alphas[m] = alpha;
      for (let i = 0; i < size; i++) direction[i] = (direction[i] as number) - alpha * (y[i] as number);
    }
    const last = moves.at(-1);
    if (last) {
      const factor = 1 / (last.rho * dot(last.y, last.y));
      for (let i = 0; i < size; i++) direction[i] = (direction[i] as number) * factor;
    }
    for (let m = 0; m < moves.length; m++) {
      const { s, y, rho } = moves[m] as (typeof moves)[number];
      const beta = (alphas[m] as number) - rho * dot(y, direction);
      for (let i = 0; i < size; i++) direction[i] = (direction[i] as number) + beta * (s[i] as number);
    }
  };

  return function* () {
    if (!begun) {
      loss = yield gradient;
      value = penalise(loss, gradient);
    }
    const before = loss;
    gather();
    aim();
    let slope = dot(gradient, direction);
    if (!(slope < 0)) {
      // Curvature gathered under another strength, or rounding, can point uphill: begin anew from the gradient.
      moves.length = 0;
      aim();
      slope = dot(gradient, direction);
    }
    let step = begun ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    begun = true;
    let low = 0;
    let high = Infinity;
    let lowValue = value;
    let found = false;
    // Bisection towards a strong Wolfe point: shorter where it does not decrease enough, longer while it still falls steeply.
    for (let trial = 0; trial < trials && slope < 0; trial++) {
      place(step);
      const lossThere = yield nextGradient;
      const there = penalise(lossThere, nextGradient);
      const slopeThere = dot(nextGradient, direction);
      if (!Number.isFinite(there) || there > value + decrease * step * slope || (low > 0 && there >= lowValue))
        high = step;
      else if (Math.abs(slopeThere) <= -curvature * slope) {
        found = true;
        loss = lossThere;
        value = there;
        break;
      } else if (slopeThere > 0) high = step;
      else {
        low = step;
        lowValue = there;
      }
      step = high === Infinity ? 2 * step : (low + high) / 2;
    }
    if (found) {
      const old = moves.length === memory ? moves.shift() : undefined;
      const s = old?.s ?? vector();
      const y = old?.y ?? vector();
      for (let i = 0; i < size; i++) {
        s[i] = step * (direction[i] as number);
        y[i] = (nextGradient[i] as number) - (gradient[i] as number);
      }
      moves.push({ s, y, rho: 1 / dot(s, y) });
      [gradient, nextGradient] = [nextGradient, gradient];
    } else place(0); // Nothing better within float32's reach: stay.
    const steepest = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    let converged = !found || steepest <= tolerance;
    if (converged && strength < strengths.length - 1) {
      strength++;
      moves.length = 0;
      begun = false;
      converged = false;
    }
    return { loss: before, converged };
  };
}
