import assert from 'node:assert/strict';
import os from 'node:os';
import test from 'node:test';
import { cgroupCpus, defaultThreads } from '../../../src/kernels/threads.js';

const reader = (files: Record<string, string>) => (file: string) => files[file];

test('a cgroup v2 quota counts, and so does one above', () => {
  const files = {
    '/proc/self/cgroup': '0::/pod/app',
    '/sys/fs/cgroup/pod/app/cpu.max': 'max 100000',
    '/sys/fs/cgroup/pod/cpu.max': '150000 100000',
  };
  assert.equal(cgroupCpus(reader(files)), 1.5);
});

test('a cgroup v1 quota counts, and -1 means none', () => {
  const files = {
    '/proc/self/cgroup': '4:memory:/x\n2:cpu,cpuacct:/x',
    '/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us': '-1',
    '/sys/fs/cgroup/cpu/x/cpu.cfs_period_us': '100000',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
  };
  assert.equal(cgroupCpus(reader(files)), 3);
});

test('without control groups there is no quota', () => {
  assert.equal(cgroupCpus(reader({})), Infinity);
});

test('default threads lie between one and the CPUs granted', () => {
  assert.ok(defaultThreads() >= 1 && defaultThreads() <= os.availableParallelism());
});
