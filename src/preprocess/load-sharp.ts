/** The image library, loaded with the first image: searching and training on vectors need none. */

import { EquipoiseError } from '../core/errors.js';

type Sharp = typeof import('sharp').default;

let loading: Promise<Sharp> | undefined;

/** @throws ERR_ENVIRONMENT where it is not installed, or has no binary for this platform. */
export function loadSharp(): Promise<Sharp> {
  loading ??= import('sharp').then(
    ({ default: sharp }) => {
      // Images are decoded side by side, each by one thread, and none of them twice.
      sharp.concurrency(1);
      sharp.cache(false);
      return sharp;
    },
    (error: unknown) => {
      throw new EquipoiseError(
        'ERR_ENVIRONMENT',
        `Expected sharp for decoding images but it cannot be loaded: ${(error as Error).message}. Type: npm install sharp`,
        { cause: error },
      );
    },
  );
  return loading;
}
