/** How many threads this process may really use. */

import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

type Read = (file: string) => string | undefined;

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The directory and all above it, up to `root`. */
function upwards(root: string, group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, up) => path.join(root, ...parts.slice(0, parts.length - up)));
}

/**
 * CPUs' worth of time that control groups allow, Infinity without a quota. A quota set on any group above ours binds too.
 * @param read is replaced by tests.
 */
export function cgroupCpus(read: Read = readText): number {
  let cpus = Infinity;
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) continue;
    if (controllers === '')
      for (const folder of upwards('/sys/fs/cgroup', group)) {
        const [quota, period] = (read(`${folder}/cpu.max`) ?? 'max').split(' ').map(Number);
        if (Number(quota) > 0 && Number(period) > 0) cpus = Math.min(cpus, Number(quota) / Number(period));
      }
    else if (controllers.split(',').includes('cpu'))
      for (const mount of ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'])
        for (const folder of upwards(mount, group)) {
          const quota = Number(read(`${folder}/cpu.cfs_quota_us`));
          const period = Number(read(`${folder}/cpu.cfs_period_us`));
          if (quota > 0 && period > 0) cpus = Math.min(cpus, quota / period);
        }
  }
  return cpus;
}

/** Threads to use when the caller names no number: CPUs of the affinity mask, bounded by the cgroup quota, at least 1. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(os.availableParallelism(), Math.ceil(cgroupCpus())));
}
