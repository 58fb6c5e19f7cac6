import { integer } from '../core/options.js';
import { cautiousRate, defineHead, filledParameter, stored, uniformParameter } from './head.js';
import { createLayer, createScratch, gate, rectify } from './layer.js';

/** logits = (x + relu(x Dᵀ + e) Uᵀ + f) Wᵀ + b. U and f begin at 0, so that training begins from the embedding as it is. */
export const adapter = defineHead({
  name: 'adapter',
  summary:
    'a residual bottleneck that bends the embedding, then a linear layer: stands in for tuning the top of the network',
  paper: 'Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", arXiv:1902.00751',
  options: {
    width: integer({
      min: 1,
      default: 64,
      help: 'width of the bottleneck; narrow: nearly a linear head; wide: memorises the rare classes',
    }),
  },
  classifier: ['weight', 'bias'],
  learningRate: cautiousRate,
  create({ inputDim: d, classes, options: { width }, rng, kernels }) {
    const bound = 1 / Math.sqrt(d);
    const down = uniformParameter(rng, 'down.weight', [width, d], bound);
    const downBias = uniformParameter(rng, 'down.bias', [width], bound);
    const up = filledParameter('up.weight', [d, width], 0);
    const upBias = filledParameter('up.bias', [d], 0);
    const weight = uniformParameter(rng, 'weight', [classes, d], bound);
    const bias = uniformParameter(rng, 'bias', [classes], bound);
    const narrowing = createLayer(kernels, down, downBias);
    const widening = createLayer(kernels, up, upBias);
    const output = createLayer(kernels, weight, bias);
    const parameters = [down, downBias, up, upBias, weight, bias];
    const activeOf = createScratch(width);
    const activeSlopeOf = createScratch(width);
    const adaptedOf = createScratch(d);
    const adaptedSlopeOf = createScratch(d);
    return {
      parameters,
      forward(x, rows, logits) {
        const active = activeOf(rows);
        const adapted = adaptedOf(rows);
        narrowing.forward(x, rows, active);
        rectify(activeOf.bits(rows));
        widening.forward(active, rows, adapted);
        for (let j = 0; j < adapted.length; j++) adapted[j] = (adapted[j] as number) + (x[j] as number);
        output.forward(adapted, rows, logits);
      },
      backward(x, rows, gradLogits, [gradDown, gradDownBias, gradUp, gradUpBias, gradWeight, gradBias]) {
        const active = activeOf(rows);
        const activeSlope = activeSlopeOf(rows);
        const adaptedSlope = adaptedSlopeOf(rows);
        output.backward(adaptedOf(rows), rows, gradLogits, gradWeight as Float32Array, gradBias, adaptedSlope);
        widening.backward(active, rows, adaptedSlope, gradUp as Float32Array, gradUpBias, activeSlope);
        gate(activeSlopeOf.bits(rows), activeOf.bits(rows));
        narrowing.backward(x, rows, activeSlope, gradDown as Float32Array, gradDownBias);
      },
      tangent(x, rows, direction, out) {
        const [alongDown, alongDownBias, alongUp, alongUpBias, alongWeight, alongBias] = direction as Float32Array[];
        const active = activeOf(rows);
        const activeMoved = activeSlopeOf(rows);
        const adaptedMoved = adaptedSlopeOf(rows);
        narrowing.tangent(
          x,
          rows,
          { weight: alongDown as Float32Array, bias: alongDownBias as Float32Array },
          activeMoved,
        );
        gate(activeSlopeOf.bits(rows), activeOf.bits(rows));
        widening.tangent(
          active,
          rows,
          { weight: alongUp as Float32Array, bias: alongUpBias as Float32Array, x: activeMoved },
          adaptedMoved,
        );
        output.tangent(
          adaptedOf(rows),
          rows,
          { weight: alongWeight as Float32Array, bias: alongBias as Float32Array, x: adaptedMoved },
          out,
        );
      },
      toGraph: (input, to) => ({
        nodes: [
          narrowing.node(input, 'head.down'),
          { op: 'Relu', inputs: ['head.down'], outputs: ['head.active'] },
          widening.node('head.active', 'head.up'),
          { op: 'Add', inputs: [input, 'head.up'], outputs: ['head.adapted'] },
          output.node('head.adapted', to),
        ],
        initializers: stored(parameters),
        input,
        output: to,
      }),
    };
  },
});
