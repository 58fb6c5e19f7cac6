/** The one place where kernel arguments are checked: behind it, backends read memory without looking. */

import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import {
  amongChoices,
  type JpegInput,
  type Kernels,
  type LearnInput,
  type ResampleInput,
  type RowRange,
  type Taps,
} from './kernels.js';

function checkLength(what: string, length: number, wanted: number, why: string): void {
  if (length !== wanted)
    throw new EquipoiseError('ERR_SHAPE', `${what} has ${length} entries but ${why} needs ${wanted}`);
}

function checkCount(what: string, value: number, min = 0): void {
  if (!Number.isSafeInteger(value) || value < min) throw expected(`integer >= ${min}`, what, value);
}

function checkNumber(what: string, value: number): void {
  if (!Number.isFinite(value)) throw expected('a finite number', what, value);
}

export function checkIds(what: string, ids: Int32Array, bound: number, kind = 'a row id'): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id < 0 || id >= bound) throw expected(`${kind} from 0 to ${bound - 1}`, `${what}[${i}]`, id);
  }
}

export function checkRange(within: RowRange | undefined, rows: number): void {
  if (within === undefined) return;
  const { start, end } = within;
  if (!Number.isSafeInteger(start) || start < 0 || start > rows)
    throw expected(`a row from 0 to ${rows}`, 'nearest.within.start', start);
  if (!Number.isSafeInteger(end) || end < start || end > rows)
    throw expected(`a row from ${start} to ${rows}`, 'nearest.within.end', end);
}

/** 255 · 2^23 + 2^21 is the largest sum below 2^31. */
const MOST_WEIGHT = 2 ** 23;

function checkTaps(what: string, { first, count, weights }: Taps, sources: number): void {
  const outputs = first.length;
  checkLength(`${what}.count`, count.length, outputs, 'one an output');
  const stride = outputs === 0 ? 0 : weights.length / outputs;
  checkCount(`${what} weights an output`, stride);
  for (let i = 0; i < outputs; i++) {
    const from = first[i] as number;
    const taken = count[i] as number;
    if (from < 0 || taken < 0 || taken > stride || from + taken > sources)
      throw expected(`sources from 0 to ${sources - 1}, at most ${stride}`, `${what}[${i}]`, `${from} + ${taken}`);
    let sum = 0;
    for (let j = 0; j < taken; j++) sum += Math.abs(weights[i * stride + j] as number);
    if (sum > MOST_WEIGHT) throw expected(`weights of at most ${MOST_WEIGHT} together`, `${what}[${i}]`, sum);
  }
}

function checkPixels(pixels: Uint8Array, { width, height, channels }: Omit<JpegInput, 'bytes'>): void {
  checkLength('pixels', pixels.length, width * height * channels, `${height} x ${width} x ${channels}`);
}

function checkResample(input: Omit<ResampleInput, 'pixels'>): void {
  const { width, height, channels, across, down, values, order, out } = input;
  for (const name of ['width', 'height', 'channels', 'start', 'rowStep', 'pixelStep', 'channelStep'] as const)
    checkCount(`resample.${name}`, input[name]);
  if (channels !== 1 && channels !== 3) throw expected('1 or 3', 'resample.channels', channels);
  checkTaps('resample.across', across, width);
  checkTaps('resample.down', down, height);
  checkLength('values', values.length, 256 * order.length, '256 a channel');
  checkIds('resample.order', order, channels, 'a source channel');
  const outputs = [down.first.length, across.first.length, order.length];
  if (outputs.includes(0)) return;
  const steps = [input.rowStep, input.pixelStep, input.channelStep];
  const last = steps.reduce((at, step, i) => at + step * ((outputs[i] as number) - 1), input.start);
  if (last >= out.length)
    throw new EquipoiseError('ERR_SHAPE', `out has ${out.length} entries but number ${last} is written`);
}

function checkLearn({ rows, visits, batchSize, layers, loss, rule, threads, losses }: LearnInput): void {
  const { x, cols, base, plain, other, step, label, otherLabel, labelWeight, weight } = rows;
  checkCount('learn.rows.cols', cols, 1);
  checkCount('learn.batchSize', batchSize, 1);
  checkCount('learn.threads', threads, 1);
  checkCount('learn.layers.length', layers.length, 1);
  checkCount('learn.rows.plain', plain);
  for (const [name, column] of Object.entries({ other, step }))
    checkLength(name, plain + column.length, base.length, 'one a row of base behind the plain ones');
  for (const [name, column] of Object.entries({ label, otherLabel, labelWeight, weight }))
    if (column) checkLength(name, column.length, base.length, 'one a row of base');
  checkIds('learn.visits', visits, base.length, 'a row');
  checkIds('learn.rows.base', base, Math.floor(x.length / cols));
  checkIds('learn.rows.other', other, Math.floor(x.length / cols));
  let inputs = cols;
  for (const [l, { outputs, weight: weights, bias }] of layers.entries()) {
    checkCount(`learn.layers[${l}].outputs`, outputs, 1);
    for (const [what, length, learnt] of [
      ['weight', outputs * inputs, weights],
      ['bias', outputs, bias],
    ] as const) {
      if (!learnt) continue;
      const kept = { sum: [learnt.sum], momentum: [learnt.first], adam: [learnt.first, learnt.second] }[rule.kind];
      for (const array of [learnt.values, ...kept])
        checkLength(`${what} of layer ${l}, or what is kept of it,`, array?.length ?? 0, length, `rule ${rule.kind}`);
    }
    inputs = outputs;
  }
  for (const [name, table] of Object.entries({ scale: loss.scale, shift: loss.shift, classWeights: loss.classWeights }))
    if (table) checkLength(`loss.${name}`, table.length, inputs, 'one a class');
  checkIds('learn.rows.label', label, inputs, 'a class id');
  if (otherLabel) checkIds('learn.rows.otherLabel', otherLabel, inputs, 'a class id');
  for (const [name, value] of Object.entries(rule))
    if (name !== 'kind') checkNumber(`learn.rule.${name}`, Number(value));
  checkLength('losses', losses.length, 2 * Math.ceil(visits.length / batchSize), 'two a step');
}

/** The same kernels, refusing arguments that do not fit together. @throws ERR_SHAPE, ERR_OPTION */
export function checkedKernels(kernels: Kernels): Kernels {
  const { jpeg, learn } = kernels;
  return {
    backend: kernels.backend,
    isa: kernels.isa,
    async nearest(input) {
      const { x, rows, cols, labels, queries, k, among, threads, signal } = input;
      checkCount('nearest.rows', rows);
      checkCount('nearest.cols', cols);
      checkCount('nearest.k', k, 1);
      checkCount('nearest.threads', threads, 1);
      if (!amongChoices.includes(among)) throw expected(`one of ${amongChoices.join(', ')}`, 'nearest.among', among);
      if (rows > 0x7fffffff) throw expected('at most 2^31 - 1 rows', 'nearest', rows);
      if (queries.length * k > 0xffffffff)
        throw expected(
          'k x queries below 2^32',
          'nearest.k',
          k,
          'Ask for fewer neighbours, or for fewer rows at a time',
        );
      checkLength('x', x.length, rows * cols, `a matrix of ${rows} x ${cols}`);
      if (among !== 'all') checkLength('labels', labels.length, rows, `a matrix of ${rows} rows`);
      checkIds('nearest.queries', queries, rows);
      checkRange(input.within, rows);
      throwIfAborted(signal, 'searching nearest rows');
      return kernels.nearest(input);
    },
    interpolate(input) {
      const { x, cols, base, other, step, threads = 1, out } = input;
      checkCount('interpolate.cols', cols, 1);
      checkCount('interpolate.threads', threads, 1);
      const rows = Math.floor(x.length / cols);
      checkLength('other', other.length, base.length, 'one a row of base');
      checkLength('step', step.length, base.length, 'one a row of base');
      checkLength('out', out.length, base.length * cols, `${base.length} rows of ${cols}`);
      checkIds('interpolate.base', base, rows);
      checkIds('interpolate.other', other, rows);
      kernels.interpolate(input);
    },
    gemm(input) {
      const { a, b, c, m, n, k, alpha, beta } = input;
      checkCount('gemm.m', m);
      checkCount('gemm.n', n);
      checkCount('gemm.k', k);
      checkNumber('gemm.alpha', alpha);
      checkNumber('gemm.beta', beta);
      checkLength('a', a.length, m * k, `m x k = ${m} x ${k}`);
      checkLength('b', b.length, k * n, `k x n = ${k} x ${n}`);
      checkLength('c', c.length, m * n, `m x n = ${m} x ${n}`);
      kernels.gemm(input);
    },
    async resample(input) {
      checkResample(input);
      checkPixels(input.pixels, input);
      return kernels.resample(input);
    },
    ...(jpeg && {
      jpeg: {
        library: jpeg.library,
        async decode(input) {
          checkPixels(input.pixels, input);
          return jpeg.decode(input);
        },
        resample(input) {
          checkResample(input);
          checkCount('outputs', input.across.first.length, 1);
          checkCount('outputs', input.down.first.length, 1);
          return jpeg.resample(input);
        },
      },
    }),
    ...(learn && {
      async learn(input: LearnInput) {
        checkLearn(input);
        throwIfAborted(input.signal, 'training');
        return learn(input);
      },
    }),
  };
}
