export const materialize = {
  name: 'materialize',
  title: 'Balanced rows from recipes, into new memory',
  unit: 'GB/s',
  per: 1e9,
  cases: ({ n, threads }) => [
    { id: 'main', main: true, n, d: 512, threads, text: 'neighbours known' },
    { id: 'one-thread', n, d: 512, threads: 1, text: 'neighbours known' },
    { id: 'narrow', n, d: 64, threads, text: 'neighbours known' },
  ],
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/materialize.mjs' },
    { name: 'equipoise, memory used before', variant: true, script: 'ours/materialize.mjs', method: 'reused' },
    { name: 'numpy', needs: 'numpy', script: 'peers/materialize.py', method: 'numpy' },
    { name: 'numpy in blocks', needs: 'numpy', script: 'peers/materialize.py', method: 'numpy-blocks' },
    { name: 'torch', needs: 'torch', script: 'peers/materialize.py', method: 'torch' },
  ],
};
