/** Items with any number of labels: how the formats say which. */

import { EquipoiseError } from '../core/errors.js';
import type { Label } from '../core/item.js';
import { custom } from '../core/options.js';
import type { TargetKind } from '../core/targets.js';

export const labelSeparatorOption = custom<string | undefined>({
  accepts: 'a text of one character or more',
  default: undefined,
  help: 'items may have any number of labels, with this between them: "|" reads cat|dog; an empty cell is an item with none of the classes',
  check: (value) => typeof value === 'string' && value !== '',
});

/** How labels lie in a text, for the notes. */
export const separated = (separator: string) => `lists of labels, with ${JSON.stringify(separator)} between them`;

/** @throws ERR_DATA for a list with an empty name in it. */
export function splitLabels(text: string, separator: string, where: string): readonly string[] {
  if (text.trim() === '') return [];
  const names = text.split(separator).map((name) => name.trim());
  if (names.includes(''))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a label on either side of each ${JSON.stringify(separator)} in ${where} but received ${JSON.stringify(text.slice(0, 80))}. Take the separator that is too many out; an empty cell is an item with none of the classes`,
    );
  return distinct(names);
}

/**
 * A list as JSON or Parquet have it; null where nobody has said.
 * @param nameOf the name of a class id, where the file tells.
 * @throws ERR_DATA for anything but a list of names or ids.
 */
export function listedLabels(
  value: unknown,
  where: string,
  nameOf: (id: number) => string | undefined = () => undefined,
): readonly string[] | null {
  if (value === null || value === undefined) return null;
  const isName = (label: unknown) =>
    (typeof label === 'string' && label.trim() !== '') || typeof label === 'boolean' || Number.isFinite(label);
  if (!Array.isArray(value) || !value.every(isName))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a list of labels such as ["cat", "dog"], or [] for none of the classes, in ${where} but received ${JSON.stringify(value)?.slice(0, 80)}`,
    );
  return distinct(
    value.map((label: unknown) =>
      typeof label === 'number' ? (nameOf(label) ?? String(label)) : String(label).trim(),
    ),
  );
}

/** A label that is named twice is there once. */
const distinct = (names: readonly string[]) => [...new Set(names)];

/** One label an item, or lists of them; null says nothing of either. @throws ERR_DATA for a mixture. */
export function targetsOf(labels: Iterable<readonly [Label, string]>): TargetKind {
  let found: { kind: TargetKind; where: string } | undefined;
  for (const [label, where] of labels) {
    if (label === null) continue;
    const kind = typeof label === 'string' ? 'one' : 'many';
    found ??= { kind, where };
    if (found.kind !== kind)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected lists of labels for all items or for none, but ${found.kind === 'many' ? found.where : where} has a list and ${found.kind === 'many' ? where : found.where} has one label`,
      );
  }
  return found?.kind ?? 'one';
}
