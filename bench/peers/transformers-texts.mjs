import { embedAll } from '../embed/transformers.mjs';

await embedAll('feature-extraction', 'texts.csv', 32, { pooling: 'mean', normalize: true });
