/** HTML that is escaped unless it was made here. */

export class Markup {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type Content = Markup | string | number | false | null | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function write(content: Content): string {
  if (content instanceof Markup) return content.source;
  if (content === false || content === null || content === undefined) return '';
  if (typeof content === 'object') return content.map(write).join('');
  return String(content).replace(/[&<>"']/g, (mark) => entities[mark] as string);
}

/**
 * A template tag: what stands between the braces is escaped, unless it is itself the result of this tag. Attributes
 * must be quoted.
 *
 * @example
 * html`<td title="${name}">${name}</td>`
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((source, text, at) => source + write(contents[at - 1]) + text));
}
