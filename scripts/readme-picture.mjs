// Draws the picture of README.md's first screen from the result of a run:
//   npm run demo && node scripts/readme-picture.mjs equipoise-demo/run/result.json
// The picture goes to docs/before-after.svg, or to a second argument.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAfterPlot } from '../dist/src/report/plots.js';
import { drawSvg } from '../dist/src/report/svg.js';

const [resultFile, pictureFile = fileURLToPath(new URL('../docs/before-after.svg', import.meta.url))] =
  process.argv.slice(2);
if (resultFile === undefined) {
  console.error('Usage: node scripts/readme-picture.mjs RESULT.json [PICTURE.svg]');
  process.exit(2);
}

const result = JSON.parse(await readFile(resultFile, 'utf8'));
const seeds = result.strategies[0].seeds.length;
const test = result.split.test.reduce((sum, rows) => sum + rows, 0);
const svg = await drawSvg({
  ...beforeAfterPlot(result, 'recall'),
  width: 520,
  padding: 18,
  title: {
    text: 'Recall of each class, beside its number of training rows',
    subtitle: `${test} test rows, ${seeds === 1 ? 'one seed' : `mean of ${seeds} seeds`}`,
    subtitleColor: 'currentColor',
    anchor: 'start',
    fontSize: 15,
    subtitleFontSize: 12,
    offset: 12,
  },
  // As an image it cannot take the colours of the page around it, so it brings paper and ink.
  config: { background: '#ffffff' },
});
await mkdir(dirname(pictureFile), { recursive: true });
await writeFile(pictureFile, `${svg.replace('<svg ', '<svg color="#1c2128" ')}\n`);
console.log(`wrote ${pictureFile}`);
