const shapes = {
  'forward, 10 classes': [256, 10, 512, 'NN'],
  'gradient, 10 classes': [512, 10, 256, 'TN'],
  'forward, 1,000 classes': [256, 1000, 2048, 'NN'],
  'gradient, 1,000 classes': [2048, 1000, 256, 'TN'],
  'forward of 100 classes, as a head holds its weights': [256, 100, 512, 'NT'],
  'square, b transposed': [1024, 1024, 1024, 'NT'],
  'large square': [2048, 2048, 2048, 'NN'],
};

export const gemm = {
  name: 'gemm',
  title: 'Matrix products of head training',
  unit: 'GFLOP/s',
  per: 1e9,
  cases: () =>
    Object.entries(shapes).map(([text, shape]) => ({
      id: shape.join('x'),
      shape,
      threads: 1,
      main: text === 'forward, 10 classes',
      text: `${text}: (${shape.slice(0, 3).join(', ')}) ${shape[3]}`,
    })),
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/gemm.mjs' },
    { name: "numpy's BLAS", needs: 'numpy', script: 'peers/gemm.py', method: 'numpy' },
    { name: 'torch', needs: 'torch', script: 'peers/gemm.py', method: 'torch' },
    { name: 'onnxruntime', needs: 'onnxruntime-node', script: 'peers/gemm-onnxruntime.mjs' },
  ],
};
