import { expected } from '../core/errors.js';
import { boolean, custom } from '../core/options.js';
import type { Draws } from '../core/rng.js';
import { cautiousRate, defineHead, filledParameter, stored, uniformParameter } from './head.js';
import { createLayer, createScratch, gate, rectify } from './layer.js';

/** Added to the variance of a row, as in ONNX's LayerNormalization and PyTorch's. */
const epsilon = 1e-5;

/** Layers of affine map, optional layer norm, rectifier and dropout, and an affine map to the logits. */
export const mlp = defineHead({
  name: 'mlp',
  summary: 'a multi-layer perceptron: hidden rectifier layers, then one linear layer',
  options: {
    hidden: custom<readonly number[]>({
      accepts: 'an array of layer widths, integers >= 1',
      default: [256],
      help: 'width of each hidden layer; narrow: cannot bend the boundary; wide or many: memorises the rare classes',
      check: (value) =>
        Array.isArray(value) && value.length > 0 && value.every((width) => Number.isSafeInteger(width) && width >= 1),
    }),
    dropout: custom<number | readonly number[]>({
      accepts: 'number from 0 to 0.95, or an array of one such number a hidden layer',
      default: 0,
      help: 'share of hidden values left out of each training step; 0: none; large: learns slowly, underfits',
      check: (value) =>
        [value].flat().every((share) => typeof share === 'number' && share >= 0 && share <= 0.95) &&
        [value].flat().length > 0,
    }),
    layerNorm: boolean({
      default: false,
      help: 'bring every hidden row to mean 0 and variance 1 before its rectifier',
    }),
  },
  classifier: ['output.weight', 'output.bias'],
  learningRate: cautiousRate,
  create({ inputDim, classes, options: { hidden, dropout, layerNorm }, rng, kernels }) {
    if (typeof dropout !== 'number' && dropout.length !== hidden.length)
      throw expected(`one number for each of ${hidden.length} hidden layers`, 'mlp.dropout', dropout);
    let width = inputDim;
    const layers = hidden.map((outputs, l) => {
      const bound = 1 / Math.sqrt(width);
      const weight = uniformParameter(rng, `hidden${l}.weight`, [outputs, width], bound);
      const bias = uniformParameter(rng, `hidden${l}.bias`, [outputs], bound);
      width = outputs;
      return {
        outputs,
        affine: { weight, bias },
        dropout: typeof dropout === 'number' ? dropout : (dropout[l] as number),
        /** What the values that are left were multiplied by in the last forward pass. */
        keepFactor: 1,
        map: createLayer(kernels, weight, bias),
        parameters: layerNorm
          ? [
              weight,
              bias,
              filledParameter(`hidden${l}.gain`, [outputs], 1),
              filledParameter(`hidden${l}.shift`, [outputs], 0),
            ]
          : [weight, bias],
        active: createScratch(outputs),
        slope: createScratch(outputs),
        unit: createScratch(outputs),
        inverse: createScratch(1),
      };
    });
    type Hidden = (typeof layers)[number];
    const bound = 1 / Math.sqrt(width);
    const weight = uniformParameter(rng, 'output.weight', [classes, width], bound);
    const bias = uniformParameter(rng, 'output.bias', [classes], bound);
    const output = createLayer(kernels, weight, bias);
    const perLayer = layerNorm ? 4 : 2;
    const parameters = [...layers.flatMap((layer) => layer.parameters), weight, bias];
    const random = layers.some((layer) => layer.dropout > 0);

    function normalize({ outputs, unit, inverse, active, parameters: [, , gain, shift] }: Hidden, rows: number): void {
      const z = active(rows);
      const u = unit(rows);
      const inverses = inverse(rows);
      for (let i = 0, at = 0; i < rows; i++, at += outputs) {
        let sum = 0;
        for (let j = at; j < at + outputs; j++) sum += z[j] as number;
        const mean = sum / outputs;
        let square = 0;
        for (let j = at; j < at + outputs; j++) square += ((z[j] as number) - mean) ** 2;
        const factor = 1 / Math.sqrt(square / outputs + epsilon);
        inverses[i] = factor;
        for (let j = 0; j < outputs; j++) {
          const value = ((z[at + j] as number) - mean) * factor;
          u[at + j] = value;
          z[at + j] = value * (gain?.data[j] as number) + (shift?.data[j] as number);
        }
      }
    }

    /** Through the normalisation of each row, either way: only what changes neither mean nor length passes. */
    function throughNorm({ outputs, unit, inverse }: Hidden, rows: number, values: Float32Array): void {
      const u = unit(rows);
      const inverses = inverse(rows);
      for (let i = 0, at = 0; i < rows; i++, at += outputs) {
        let sum = 0;
        let along = 0;
        for (let j = at; j < at + outputs; j++) {
          sum += values[j] as number;
          along += (values[j] as number) * (u[j] as number);
        }
        const mean = sum / outputs;
        const share = along / outputs;
        for (let j = at; j < at + outputs; j++)
          values[j] = ((values[j] as number) - mean - (u[j] as number) * share) * (inverses[i] as number);
      }
    }

    /** Rectifier and dropout in the other passes: nothing where nothing came out. */
    function pass({ slope, active, keepFactor }: Hidden, rows: number): void {
      gate(slope.bits(rows), active.bits(rows));
      if (keepFactor === 1) return;
      const values = slope(rows);
      for (let j = 0; j < values.length; j++) values[j] = (values[j] as number) * keepFactor;
    }

    return {
      parameters,
      ...(!layerNorm && !random && { layers: [...layers.map(({ affine }) => affine), { weight, bias }] }),
      random,
      forward(x, rows, logits, draws) {
        let input = x;
        for (const layer of layers) {
          const z = layer.active(rows);
          layer.map.forward(input, rows, z);
          if (layerNorm) normalize(layer, rows);
          rectify(layer.active.bits(rows));
          layer.keepFactor = draws ? 1 / (1 - layer.dropout) : 1;
          if (layer.keepFactor !== 1) {
            const left = Math.round(layer.dropout * 0x10000);
            // One draw decides two values.
            let word = 0;
            for (let j = 0; j < z.length; j++) {
              word = j % 2 === 0 ? (draws as Draws).uint32() : word >>> 16;
              z[j] = (word & 0xffff) >= left ? (z[j] as number) * layer.keepFactor : 0;
            }
          }
          input = z;
        }
        output.forward(input, rows, logits);
      },
      backward(x, rows, gradLogits, gradients) {
        const last = layers.at(-1) as Hidden;
        const end = layers.length * perLayer;
        output.backward(
          last.active(rows),
          rows,
          gradLogits,
          gradients[end] as Float32Array,
          gradients[end + 1],
          last.slope(rows),
        );
        for (let l = layers.length - 1; l >= 0; l--) {
          const layer = layers[l] as Hidden;
          const before = layers[l - 1];
          const [gradWeight, gradBias, gradGain, gradShift] = gradients.slice(l * perLayer, (l + 1) * perLayer);
          const slope = layer.slope(rows);
          pass(layer, rows);
          if (gradGain && gradShift) {
            const u = layer.unit(rows);
            const gain = layer.parameters[2]?.data as Float32Array;
            gradGain.fill(0);
            gradShift.fill(0);
            for (let i = 0, at = 0; i < rows; i++)
              for (let j = 0; j < layer.outputs; j++, at++) {
                const value = slope[at] as number;
                gradGain[j] = (gradGain[j] as number) + value * (u[at] as number);
                gradShift[j] = (gradShift[j] as number) + value;
                slope[at] = value * (gain[j] as number);
              }
            throughNorm(layer, rows, slope);
          }
          layer.map.backward(
            before ? before.active(rows) : x,
            rows,
            slope,
            gradWeight as Float32Array,
            gradBias,
            before?.slope(rows),
          );
        }
      },
      tangent(x, rows, direction, out) {
        let input = x;
        let along: Float32Array | undefined;
        layers.forEach((layer, l) => {
          const [alongWeight, alongBias, alongGain, alongShift] = direction.slice(l * perLayer, (l + 1) * perLayer);
          const moved = layer.slope(rows);
          layer.map.tangent(
            input,
            rows,
            { weight: alongWeight as Float32Array, bias: alongBias as Float32Array, ...(along && { x: along }) },
            moved,
          );
          if (alongGain && alongShift) {
            throughNorm(layer, rows, moved);
            const u = layer.unit(rows);
            const gain = layer.parameters[2]?.data as Float32Array;
            for (let i = 0, at = 0; i < rows; i++)
              for (let j = 0; j < layer.outputs; j++, at++)
                moved[at] =
                  (moved[at] as number) * (gain[j] as number) +
                  (u[at] as number) * (alongGain[j] as number) +
                  (alongShift[j] as number);
          }
          input = layer.active(rows);
          pass(layer, rows);
          along = moved;
        });
        const end = layers.length * perLayer;
        output.tangent(
          input,
          rows,
          {
            weight: direction[end] as Float32Array,
            bias: direction[end + 1] as Float32Array,
            ...(along && { x: along }),
          },
          out,
        );
      },
      toGraph(input, to) {
        let from = input;
        const nodes = layers.flatMap((layer, l) => {
          const name = `head.hidden${l}`;
          const mapped = layer.map.node(from, name);
          const normal = {
            op: 'LayerNormalization',
            inputs: [name, `${name}.gain`, `${name}.shift`],
            outputs: [`${name}.normal`],
            attributes: { axis: -1, epsilon: { float: epsilon } },
          };
          from = `${name}.active`;
          const rectified = { op: 'Relu', inputs: [layerNorm ? `${name}.normal` : name], outputs: [from] };
          return layerNorm ? [mapped, normal, rectified] : [mapped, rectified];
        });
        return { nodes: [...nodes, output.node(from, to)], initializers: stored(parameters), input, output: to };
      },
    };
  },
});
