// What someone does first with the installed package: search, balance, train. Run by pack-check.mjs in an empty folder.
// Prints a line of JSON: which kernels did it, and results that must be the same whichever they are.

import { createHash } from 'node:crypto';
import { asTraining, createSampler, fromArrays, kernelReport, nearest, trainHead } from 'equipoise';

// Three clouds along the axes of 20 columns, 300, 60 and 12 rows, at whole steps of 1/8.
const counts = [300, 60, 12];
const cols = 20;
const labels = counts.flatMap((count, c) => Array.from({ length: count }, () => c));
const data = new Float32Array(labels.length * cols);
let state = 1;
for (let i = 0; i < data.length; i++) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  data[i] = (state >>> 24) / 8 + (i % cols === labels[Math.floor(i / cols)] ? 60 : 0);
}
const set = asTraining(fromArrays({ data, shape: [labels.length, cols] }, labels));

const found = await nearest(set.embeddings, labels, { k: 5, among: 'enemies' });
const balanced = await createSampler('eos', { seed: 1 }).fitResample(set);
const head = await trainHead(set, { strategy: 'eos', standardize: true, epochs: 15, seed: 1 });
const logits = head.logits(set.embeddings);
const right = labels.filter((label, i) => {
  const row = [...logits.subarray(i * counts.length, (i + 1) * counts.length)];
  return row.indexOf(Math.max(...row)) === label;
}).length;

const { backend, isa, attempts } = kernelReport();
const hash = createHash('sha256');
for (const { data: bytes } of [found.indices, found.l2sq, balanced.embeddings])
  hash.update(new Uint8Array(bytes.buffer));
const rows = counts.map((_, c) => balanced.labels.filter((label) => label === c).length);
process.stdout.write(
  `${JSON.stringify({ backend, isa, attempts, rows, accuracy: right / labels.length, bytes: hash.digest('hex') })}\n`,
);
