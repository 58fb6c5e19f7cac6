import { choice, number } from '../core/options.js';
import { defineLoss } from './loss.js';
import { crossEntropyOf, lossOfRows } from './row-loss.js';

/** From 0 to 1 over a class's place between the smallest and the largest; concave rises early, convex late. */
const rises = {
  concave: (place: number) => Math.sin((Math.PI / 2) * place),
  linear: (place: number) => place,
  convex: (place: number) => 1 + Math.sin((Math.PI / 2) * (3 + place)),
} as const;

export const labelAwareSmoothing = defineLoss({
  name: 'label-aware-smoothing',
  summary: 'label smoothing that grows with the size of the class, since it is frequent classes that are overconfident',
  paper:
    'Zhong, Cui, Liu, Jia, "Improving Calibration for Long-Tailed Recognition" (MiSLAS), CVPR 2021, arXiv:2104.00466',
  options: {
    headSmoothing: number({
      min: 0,
      max: 1,
      default: 0.3,
      help: 'share of the target of the largest class that is spread evenly; 0: none; near 1: nothing is learnt',
    }),
    tailSmoothing: number({
      min: 0,
      max: 1,
      default: 0,
      help: 'the same of the smallest class; 0: its few rows count as they are; above headSmoothing: it is smoothed more',
    }),
    rise: choice({
      of: ['concave', 'linear', 'convex'],
      default: 'concave',
      help: 'how the share goes from tail to head with the count; concave: middling classes are near the head; convex: near the tail',
    }),
  },
  create: ({ headSmoothing: head, tailSmoothing: tail, rise }) => {
    let counts: Int32Array | undefined;
    let smoothing = new Float64Array(0);
    return lossOfRows({
      start({ classCounts }) {
        if (classCounts !== counts) {
          const present = classCounts.filter((count) => count > 0);
          const smallest = Math.min(...present);
          const range = Math.max(...present) - smallest;
          // Classes of one size are all the largest.
          smoothing = Float64Array.from(
            classCounts,
            (count) => tail + (head - tail) * rises[rise](range === 0 ? 1 : Math.max(0, count - smallest) / range),
          );
          counts = classCounts;
        }
        return (z, label, slope) => {
          const share = smoothing[label] as number;
          const spread = share / z.length;
          const own = z[label] as number;
          const logP = -crossEntropyOf(z, label, slope);
          let mean = 0;
          for (let j = 0; j < z.length; j++) {
            mean += ((z[j] as number) - own + logP) / z.length;
            slope[j] = (slope[j] as number) - spread;
          }
          slope[label] = (slope[label] as number) + share;
          return -(1 - share) * logP - share * mean;
        };
      },
    });
  },
});
