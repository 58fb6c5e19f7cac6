/** What the importer needs of a table, whichever file it came from. */

export interface ForeignTable {
  readonly rows: number;
  readonly names: readonly string[];
  /** Which reader fits the column. */
  kindOf(name: string): 'vectors' | 'numbers' | 'strings' | 'other';
  strings(name: string): (string | null)[];
  numbers(name: string): (number | null)[];
  vectors(name: string): { readonly values: Float32Array | Uint16Array; readonly width: number };
  /** Where a person finds row i. */
  where(row: number): string;
}
