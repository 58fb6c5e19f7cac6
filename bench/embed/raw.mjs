// The runtime alone, as a session of ours sets it up.
import { join } from 'node:path';
import { openBackbone } from '../../dist/src/index.js';
import { data, model, threads } from '../measure.mjs';

const { InferenceSession, Tensor } = await import('onnxruntime-node');

export async function openRaw(intraOpNumThreads = threads) {
  const backbone = await openBackbone(join(data, model));
  const session = await InferenceSession.create(backbone.graph(), {
    executionMode: 'sequential',
    intraOpNumThreads,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  });
  const toFeeds = (inputs) =>
    Object.fromEntries(
      Object.entries(inputs).map(([name, { data, dims }]) => [
        name,
        new Tensor(data instanceof BigInt64Array ? 'int64' : 'float32', data, dims),
      ]),
    );
  return { backbone, session, toFeeds };
}
