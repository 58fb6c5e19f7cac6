// transformers.js on the local model. Its folder is given by the runner, which fetches it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDataset } from '../../dist/src/index.js';
import { data, measure, model, threads } from '../measure.mjs';

const require = createRequire(join(process.env.BENCH_TRANSFORMERS, 'package.json'));
const { env, pipeline } = await import(pathToFileURL(require.resolve('@huggingface/transformers')).href);
env.allowRemoteModels = false;
env.localModelPath = data;

/** Its pipeline on batches of `size` in the given order. */
export async function embedAll(task, items, size, options) {
  const session_options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
  const run = await pipeline(task, model, { dtype: 'fp32', device: 'cpu', session_options });
  const inputs = [];
  for await (const { content } of await openDataset(join(data, items))) inputs.push(content.path ?? content.text);
  await run(inputs.slice(0, size), options);
  await measure(async () => {
    for (let start = 0; start < inputs.length; start += size) await run(inputs.slice(start, start + size), options);
  }, inputs.length);
}
