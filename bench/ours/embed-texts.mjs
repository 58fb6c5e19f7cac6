import { embedAgain } from '../embed/again.mjs';

await embedAgain('texts.csv', { shards: 1 });
