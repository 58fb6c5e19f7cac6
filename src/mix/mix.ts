/** The contract of label rules: how a mixed row's label is shared between the classes of its two ends. */

import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';

/** A row at `step` of the way from a row of one class (base) to a row of another (other). */
export interface MixedRow {
  /** Training rows of the classes at either end; both at least 1. */
  readonly countBase: number;
  readonly countOther: number;
  /** In [0, 1]: 0 is the base. */
  readonly step: number;
}

/** A registry entry: call it with options to get a rule. */
export interface MixEntry<R extends OptionRules = OptionRules> extends Entry {
  (options?: Partial<OptionsOf<R>>): Mix;
  readonly options: R;
  /** Whether swapping the ends swaps the shares: weight(i, j, step) + weight(j, i, 1 − step) = 1. */
  readonly symmetric: boolean;
  /** The base label's share, in [0, 1]; the other label has the rest. */
  labelWeight(row: MixedRow & { readonly options: OptionsOf<R> }): number;
}

/** A rule with its options settled. */
export interface Mix {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The base label's share, in [0, 1]; the other label has the rest. */
  labelWeight(row: MixedRow): number;
}

export function defineMix<const N extends string, R extends OptionRules>(
  definition: Entry & Pick<MixEntry<R>, 'options' | 'symmetric' | 'labelWeight'> & { readonly name: N },
): MixEntry<R> & { readonly name: N } {
  const { name, options: rules, labelWeight } = definition;
  function create(given?: Partial<OptionsOf<R>>): Mix {
    const options = resolveOptions(name, rules, given);
    return {
      name,
      options,
      // Spelled out: spreading costs several times the rule itself, and there may be a million rows.
      labelWeight: ({ countBase, countOther, step }) => labelWeight({ countBase, countOther, step, options }),
    };
  }
  for (const [key, value] of Object.entries(definition))
    Object.defineProperty(create, key, { value, enumerable: true, configurable: true });
  return create as unknown as MixEntry<R> & { readonly name: N };
}
