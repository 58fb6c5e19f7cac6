const over = (name, title, more = {}) => ({
  name,
  title,
  unit: 'thousand rows/s',
  per: 1e3,
  cases: ({ n, threads }) => [
    { id: 'main', main: true, n, d: 512, threads, text: 'planning and making the rows' },
    { id: 'narrow', n, d: 64, threads, text: 'planning and making the rows' },
  ],
  programs: [...ours(name), { name: 'imbalanced-learn', needs: 'imblearn', script: 'peers/resample.py', method: name }],
  ...more,
});

function ours(method) {
  const script = 'ours/resample.mjs';
  return [
    { name: 'equipoise', ours: true, script, method },
    { name: 'equipoise, float32', float32: true, script, method, environment: { EQUIPOISE_SCREEN: 'off' } },
  ];
}

const under = (name, title) =>
  over(name, title, {
    cases: ({ n, threads }) => [{ id: 'main', main: true, n, d: 512, threads, text: 'rows looked at' }],
  });

export const smote = over('smote', 'SMOTE to balance, k = 10');
export const borderlineSmote = over('borderline-smote', 'Borderline-SMOTE to balance, k = 10, m = 10');
export const adasyn = over('adasyn', 'ADASYN to balance, k = 10');
export const eos = over('eos', 'EOS to balance, k = 10', {
  programs: [
    ...ours('eos'),
    { name: 'FAISS and numpy', needs: 'faiss', script: 'peers/resample.py', method: 'eos-faiss' },
    { name: 'scikit-learn and numpy', needs: 'sklearn', script: 'peers/resample.py', method: 'eos-sklearn' },
  ],
});
export const randomOverSampling = over('random-over-sampling', 'Random over-sampling to balance', {
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/resample.mjs', method: 'random-over-sampling' },
    { name: 'equipoise, the plan', variant: true, script: 'ours/resample.mjs', method: 'random-over-sampling/plan' },
    { name: 'imbalanced-learn', needs: 'imblearn', script: 'peers/resample.py', method: 'random-over-sampling' },
  ],
});
export const editedNearestNeighbors = under('edited-nearest-neighbors', 'Edited nearest neighbours, k = 3');
export const tomekLinks = under('tomek-links', 'Tomek links');
