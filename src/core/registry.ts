/** A registry is an explicit object literal of entries; this is the one look-up over it. */

import { unknownName } from './errors.js';

/** What every registered thing says about itself; docs and help are made from it. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Author, title and identifier of the source, where there is one. */
  readonly paper?: string;
}

/** @throws ERR_OPTION with near names when there is no such entry. */
export function lookUp<R extends Readonly<Record<string, Entry>>>(
  registry: R,
  kind: string,
  name: string,
  plural?: string,
): R[keyof R] {
  if (typeof name !== 'string' || !Object.hasOwn(registry, name))
    throw unknownName(kind, name, Object.keys(registry), plural);
  return registry[name] as R[keyof R];
}
