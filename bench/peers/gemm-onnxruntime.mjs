// One matrix product by onnxruntime's Gemm.
import * as ort from 'onnxruntime-node';
import { measure, shape, threads } from '../measure.mjs';
import { openGemm } from './onnx-gemm.mjs';

const [m, n, k, form] = shape.split(',').map((part, i) => (i < 3 ? Number(part) : part));
const [transposeA, transposeB] = [form[0] === 'T', form[1] === 'T'];
const fill = (length) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
const session = await openGemm(form, threads);
const feeds = {
  a: new ort.Tensor('float32', fill(m * k), transposeA ? [k, m] : [m, k]),
  b: new ort.Tensor('float32', fill(k * n), transposeB ? [n, k] : [k, n]),
};
const times = Math.ceil(2e8 / (2 * m * n * k));
await measure(
  async () => {
    for (let i = 0; i < times; i++) await session.run(feeds);
  },
  times * 2 * m * n * k,
);
