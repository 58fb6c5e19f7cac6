const works = {
  linear: { classes: 10, text: 'linear head, 10 classes' },
  'linear-100': { classes: 100, text: 'linear head, 100 classes' },
  mlp: { classes: 10, text: 'perceptron 512-256-10' },
  lbfgs: { classes: 10, text: 'L-BFGS logistic regression, 10 classes' },
  balanced: { classes: 10, text: 'linear head on rows balanced by EOS, four times as many, made batch by batch' },
};
const descent = ['linear', 'linear-100', 'mlp'];

export const train = {
  name: 'train',
  title: 'Training a head',
  unit: 'thousand samples/s',
  per: 1e3,
  cases: ({ n, threads }) => [
    ...Object.entries(works).map(([work, rest]) => ({ id: work, work, main: true, n, d: 512, threads, ...rest })),
    ...descent.map((work) => ({ id: `${work}-large`, work, n: 4 * n, d: 512, threads, ...works[work] })),
  ],
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/train.mjs' },
    { name: 'equipoise, 1 thread', variant: true, script: 'ours/train.mjs', threads: 1, works: [...descent, 'lbfgs'] },
    { name: 'torch, 1 thread', needs: 'torch', script: 'peers/train.py', method: 'torch', threads: 1, works: descent },
    { name: 'torch, 2 threads', needs: 'torch', script: 'peers/train.py', method: 'torch', threads: 2, works: descent },
    { name: 'numpy', needs: 'numpy', script: 'peers/train.py', method: 'numpy', works: ['linear', 'linear-100'] },
    { name: 'scikit-learn', needs: 'sklearn', script: 'peers/train.py', method: 'sklearn', works: ['lbfgs'] },
    { name: 'equipoise, rows as they are', script: 'ours/train.mjs', method: 'plain', works: ['balanced'] },
  ],
};
