import { materialize } from '../../dist/src/index.js';
import { array, d, measure, method, threads } from '../measure.mjs';

const [x, y, base, other, step] = await Promise.all(['x', 'y', 'base', 'other', 'step'].map(array));
const recipes = { base, other, step, label: new Int32Array(base.length) };
const plan = { sampler: 'eos', options: {}, originalRows: y.length, keep: 'all', recipes, perClass: [] };
const rows = y.length + base.length;
const reused = method === 'reused' ? { out: new Float32Array(rows * d).fill(1) } : {};
await measure(() => materialize({ data: x, shape: [y.length, d] }, plan, { threads, ...reused }), rows * d * 4);
