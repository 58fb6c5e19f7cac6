/** One model of a table; how it looks on a terminal, in Markdown and in HTML is decided elsewhere. */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export interface Cell {
  readonly text: string;
  /** Of less weight than the text: in brackets, or smaller below it. */
  readonly aside?: string;
  readonly tone?: 'better' | 'worse';
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | Cell)[])[];
}

/** The whole cell on one line. */
export function cellText(cell: string | Cell): string {
  if (typeof cell === 'string') return cell;
  return cell.aside === undefined ? cell.text : `${cell.text} (${cell.aside})`;
}
