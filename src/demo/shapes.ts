/** The outlines of the drawn classes, as SVG path data around the origin within a radius of 1. */

const place = (value: number) => value.toFixed(3);

function polygon(points: readonly (readonly [number, number])[]): string {
  return `M${points.map(([x, y]) => `${place(x)} ${place(y)}`).join('L')}Z`;
}

/** Corners at the given radii in turn, evenly spread, the first one up. */
function ring(corners: number, radii: readonly number[]): string {
  return polygon(
    Array.from({ length: corners }, (_, i) => {
      const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
      const radius = radii[i % radii.length] as number;
      return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
    }),
  );
}

const disc = (radius: number) =>
  `M${place(-radius)} 0A${place(radius)} ${place(radius)} 0 1 0 ${place(radius)} 0A${place(radius)} ${place(radius)} 0 1 0 ${place(-radius)} 0Z`;

/**
 * Most frequent class first. Rare classes resemble frequent ones on purpose (gear and kite a star, heart a circle, fish a
 * leaf): that is where a long tail hurts. Holes count by the even-odd rule.
 */
export const shapes: Readonly<Record<string, string>> = {
  circle: disc(0.9),
  star: ring(10, [1, 0.44]),
  square: polygon([
    [-0.78, -0.78],
    [0.78, -0.78],
    [0.78, 0.78],
    [-0.78, 0.78],
  ]),
  leaf: 'M-1 0C-0.6 -0.75 0.45 -0.75 1 0C0.45 0.75 -0.6 0.75 -1 0Z',
  house: polygon([
    [-0.75, 0.85],
    [-0.75, -0.1],
    [0, -0.95],
    [0.75, -0.1],
    [0.75, 0.85],
  ]),
  fish: 'M1 0C0.65 -0.6 -0.1 -0.6 -0.5 -0.08L-1 -0.5L-0.85 0L-1 0.5L-0.5 0.08C-0.1 0.6 0.65 0.6 1 0Z',
  moon: 'M0.25 -0.95A0.98 0.98 0 1 0 0.25 0.95A0.82 0.82 0 0 1 0.25 -0.95Z',
  heart:
    'M0 0.9C-1.3 -0.05 -0.85 -0.95 -0.35 -0.85C-0.15 -0.8 0 -0.6 0 -0.5C0 -0.6 0.15 -0.8 0.35 -0.85C0.85 -0.95 1.3 -0.05 0 0.9Z',
  gear: `${ring(32, [1, 1, 0.76, 0.76])}${disc(0.32)}`,
  kite: polygon([
    [0, -0.75],
    [0.62, -0.15],
    [0, 1],
    [-0.62, -0.15],
  ]),
};
