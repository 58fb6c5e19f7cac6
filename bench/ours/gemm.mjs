import { loadKernels } from '../../dist/src/kernels/index.js';
import { measure, shape } from '../measure.mjs';

const [m, n, k, form] = shape.split(',').map((part, i) => (i < 3 ? Number(part) : part));
const fill = (length) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
const [a, b, c] = [fill(m * k), fill(k * n), new Float32Array(m * n)];
const kernels = loadKernels();
const product = { a, b, c, m, n, k, transposeA: form[0] === 'T', transposeB: form[1] === 'T', alpha: 1, beta: 0 };
const times = Math.ceil(2e8 / (2 * m * n * k));
await measure(
  () => {
    for (let i = 0; i < times; i++) kernels.gemm(product);
  },
  times * 2 * m * n * k,
);
