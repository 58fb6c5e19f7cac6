/** Tables for a terminal: aligned columns, no colour. */

import { cellText, type Table } from './table.js';

/** Columns that a text takes on a terminal: East Asian letters and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const { segment } of new Intl.Segmenter().segment(text))
    columns += /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u.test(
      segment,
    )
      ? 2
      : 1;
  return columns;
}

/** A class may be called anything; what would move a terminal's cursor or colour it is shown as a mark. */
const printable = (text: string) => text.replace(/\p{Cc}|\p{Bidi_Control}/gu, '\u{fffd}');

/**
 * Lays a table out in columns, separated by two spaces, under a line.
 *
 * @example
 * formatTable({ columns: [{ title: 'class' }, { title: 'recall', align: 'right' }], rows: [['cat', '0.912']] });
 * // class  recall
 * // ─────  ──────
 * // cat     0.912
 */
export function formatTable(table: Table): string {
  const header = table.columns.map(({ title }) => printable(title));
  const rows = table.rows.map((row) => row.map((cell) => printable(cellText(cell))));
  const widths = header.map((title, at) => Math.max(width(title), ...rows.map((row) => width(row[at] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, at) => {
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(text)));
        return table.columns[at]?.align === 'right' ? space + text : text + space;
      })
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((columns) => '─'.repeat(columns)).join('  '), ...rows.map(line)].join('\n');
}
