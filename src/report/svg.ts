/** Vega-Lite specifications → SVG text, without a browser. */

import type { TopLevelSpec } from 'vega-lite';

/** Okabe and Ito's orange-red and blue: told apart with every kind of colour vision, on light and dark. */
export const beforeColour = '#d55e00';
export const afterColour = '#2b83ba';
export const thirdColour = '#009e73';
/** For series beyond the two: the rest of their palette that is legible on both grounds. */
export const seriesColours = [afterColour, beforeColour, thirdColour, '#cc79a7', '#b58900', '#7b6fd0'];

/** Text takes the colour of the page around it, so that one picture serves light and dark. */
const ink = 'currentColor';
const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const config: NonNullable<TopLevelSpec['config']> = {
  background: 'transparent',
  font,
  // The figure around the picture carries its description; a label for every mark would double the page.
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: ink,
    titleColor: ink,
    titleFontWeight: 'normal',
    labelFontSize: 12,
    titleFontSize: 12,
    domain: false,
    ticks: false,
    grid: true,
    gridColor: ink,
    gridOpacity: 0.13,
    labelPadding: 6,
    labelFlush: false,
  },
  legend: {
    labelColor: ink,
    titleColor: ink,
    titleFontWeight: 'normal',
    labelFontSize: 12,
    orient: 'top',
    symbolSize: 90,
    labelLimit: 220,
  },
  header: { labelColor: ink, titleColor: ink },
  title: { color: ink },
  text: { color: ink, fontSize: 11 },
};

/** Draws a specification. Loads the plot library on the first call only: programs that draw nothing never load it. */
export async function drawSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const compiled = vegaLite.compile({ ...spec, config: { ...config, ...spec.config } });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
