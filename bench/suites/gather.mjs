export const gather = {
  name: 'gather',
  title: 'Training batches of 256 rows from recipes',
  unit: 'GB/s',
  per: 1e9,
  cases: ({ n }) => [
    { id: 'main', main: true, n, d: 512, threads: 1, text: 'with labels' },
    { id: 'narrow', n, d: 64, threads: 1, text: 'with labels' },
  ],
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/gather.mjs' },
    { name: 'numpy', needs: 'numpy', script: 'peers/gather.py', method: 'numpy' },
    { name: 'torch', needs: 'torch', script: 'peers/gather.py', method: 'torch' },
  ],
};
