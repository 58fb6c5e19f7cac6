/** What every page is made of. */

import type { TopLevelSpec } from 'vega-lite';
import { html, Markup, type Content } from './markup.js';
import { stylesheet } from './stylesheet.js';
import { drawSvg } from './svg.js';
import type { Cell, Table } from './table.js';

/** Nothing from elsewhere: no script, no font, no network. */
export const head = (title: string): Markup =>
  html`<head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · equipoise</title>
    <style>
      ${new Markup(stylesheet)}
    </style>
  </head>`;

export function table({ columns, rows }: Table): Markup {
  const align = (at: number) => (columns[at]?.align === 'right' ? 'number' : 'word');
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map(({ title }, at) => html`<th class="${align(at)}" scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, at) => {
                const { text, aside, tone } = typeof cell === 'string' ? ({ text: cell } as Cell) : cell;
                return html`<td class="${align(at)} ${tone}">
                  ${text}${aside && html`<span class="aside">${aside}</span>`}
                </td>`;
              })}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export async function figure(spec: TopLevelSpec, caption: string): Promise<Markup>;
export async function figure(spec: TopLevelSpec | undefined, caption: string): Promise<Markup | false>;
export async function figure(spec: TopLevelSpec | undefined, caption: string): Promise<Markup | false> {
  if (spec === undefined) return false;
  return html`<figure>
    <div class="plot" role="img" aria-label="${caption}">${new Markup(await drawSvg(spec))}</div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

export function section(title: string, ...content: readonly Content[]): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

export const note = (text: string) => html`<p class="note">${text}</p>`;

export const details = (title: string, content: Table) =>
  html`<details>
    <summary>${title}</summary>
    ${table(content)}
  </details>`;
