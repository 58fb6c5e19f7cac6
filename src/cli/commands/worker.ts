import { embedWorker } from '../../index.js';
import { pick, type Command, type Flag } from '../command.js';
import { queueFlags, queueOptions, threadsFlag } from './shared.js';

const workerFlags: Record<string, Flag> = {
  ...threadsFlag,
  root: { type: 'string', value: 'DIR', help: 'write stores under this folder only, whatever the queue says' },
  untilEmpty: { type: 'boolean', help: 'end when nothing is left to do; otherwise wait for more' },
  stalledAfterMs: {
    type: 'integer',
    value: 'N',
    help: 'milliseconds a worker may be silent before another takes its shard over',
    default: '30000',
  },
};

export const workerCommand: Command = {
  name: 'worker',
  summary: 'Work off the shards that embed --queue enqueued, on any machine with the same storage.',
  positionals: [],
  flags: { ...queueFlags, ...workerFlags },
  example: 'equipoise worker --queue redis://queue.example:6379 --root /shared',
  async run(_, flags, context) {
    const shards = await embedWorker({
      ...(await queueOptions(flags)),
      ...pick(flags, workerFlags),
      signal: context.signal,
      onShard: ({ out, index, rows }) => context.say(`shard ${index} of ${out}: ${rows} rows`),
    });
    context.print(`${shards} shards embedded`);
    return { shards };
  },
};
