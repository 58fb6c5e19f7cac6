import { embedAgain } from '../embed/again.mjs';

await embedAgain('photos', { shards: 4 });
