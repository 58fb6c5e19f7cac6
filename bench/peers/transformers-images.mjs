import { embedAll } from '../embed/transformers.mjs';

await embedAll('image-feature-extraction', 'photos', 8, { pool: true });
