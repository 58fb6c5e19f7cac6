const cases = ({ n, threads }) => [
  { id: 'main', main: true, n, d: 512, threads, text: 'search and synthesis' },
  { id: 'narrow', n, d: 64, threads, text: 'search and synthesis' },
];

export const smote = {
  name: 'smote',
  title: 'SMOTE to balance, k = 10',
  unit: 'thousand rows/s',
  per: 1e3,
  cases,
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/oversample.mjs', method: 'smote' },
    { name: 'imbalanced-learn', needs: 'imblearn', script: 'peers/oversample.py', method: 'smote' },
  ],
};

export const eos = {
  name: 'eos',
  title: 'EOS to balance, k = 10',
  unit: 'thousand rows/s',
  per: 1e3,
  cases,
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/oversample.mjs', method: 'eos' },
    { name: 'FAISS and numpy', needs: 'faiss', script: 'peers/oversample.py', method: 'eos-faiss' },
    { name: 'scikit-learn and numpy', needs: 'sklearn', script: 'peers/oversample.py', method: 'eos-sklearn' },
  ],
};
