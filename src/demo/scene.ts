/** One picture: a shape of random colour, place, size and turn on a cluttered, noisy ground, partly covered. */

import type { Draws } from '../core/rng.js';
import { shapes } from './shapes.js';

const SIDE = 112;
const JPEG_QUALITY = 85;

interface Colour {
  readonly hue: number;
  readonly saturation: number;
  readonly lightness: number;
}

/** How hard the pictures are. Chosen so that a linear head on a small network finds the task neither trivial nor hopeless. */
const difficulty = {
  /** Share of the picture's side that the shape's radius takes. */
  radius: [0.3, 0.42],
  /** Least difference of lightness between the shape and its ground, of 100. */
  contrast: 32,
  /** Strokes and blobs behind the shape. */
  clutter: [1, 5],
  /** How often something covers a part of the shape. */
  covered: 0.25,
  /** Standard deviation of the grain, of 255. */
  grain: [2, 10],
} as const;

const write = (value: number) => value.toFixed(2);
const css = ({ hue, saturation, lightness }: Colour) => `hsl(${write(hue)},${write(saturation)}%,${write(lightness)}%)`;

function within(draws: Draws, [low, high]: readonly [number, number]): number {
  return low + (high - low) * draws.uniform();
}

const colour = (draws: Draws, lightness: readonly [number, number] = [15, 88]): Colour => ({
  hue: within(draws, [0, 360]),
  saturation: within(draws, [15, 90]),
  lightness: within(draws, lightness),
});

/** A colour for the shape whose lightness stands off from the ground's. */
function standingOff(draws: Draws, ground: Colour): Colour {
  const room = {
    below: ground.lightness - difficulty.contrast - 8,
    above: 94 - difficulty.contrast - ground.lightness,
  };
  const above = draws.uniform() * (Math.max(0, room.below) + Math.max(0, room.above)) >= Math.max(0, room.below);
  return colour(
    draws,
    above ? [ground.lightness + difficulty.contrast, 94] : [8, ground.lightness - difficulty.contrast],
  );
}

/** A stroke or a blob somewhere in the picture. */
function clutter(draws: Draws): string {
  const at = () => write(within(draws, [-0.1, 1.1]) * SIDE);
  const paint = css(colour(draws));
  const opacity = write(within(draws, [0.35, 0.8]));
  if (draws.uniform() < 0.55)
    return `<path d="M${at()} ${at()}Q${at()} ${at()} ${at()} ${at()}" fill="none" stroke="${paint}" stroke-opacity="${opacity}" stroke-width="${write(within(draws, [1.5, 6]))}"/>`;
  const corners = 3 + draws.below(4);
  const [x, y, radius] = [within(draws, [0, SIDE]), within(draws, [0, SIDE]), within(draws, [5, 15])];
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * (i + 0.6 * draws.uniform())) / corners;
    return `${write(x + radius * Math.cos(angle))},${write(y + radius * Math.sin(angle))}`;
  });
  return `<polygon points="${points.join(' ')}" fill="${paint}" fill-opacity="${opacity}"/>`;
}

function scene(outline: string, draws: Draws): string {
  const ground = colour(draws);
  const groundEnd: Colour = {
    ...ground,
    hue: (ground.hue + within(draws, [10, 70])) % 360,
    lightness: ground.lightness + within(draws, [-9, 9]),
  };
  const paint = standingOff(draws, ground);
  const paintEnd: Colour = {
    ...paint,
    hue: (paint.hue + within(draws, [0, 50])) % 360,
    lightness: paint.lightness + within(draws, [-8, 8]),
  };
  const radius = within(draws, difficulty.radius) * SIDE;
  const middle = () => within(draws, [0.4, 0.6]) * SIDE;
  const [x, y] = [middle(), middle()];
  const turn = within(draws, [-20, 20]);
  const stretch = within(draws, [0.92, 1.08]);
  const behind = Array.from({ length: Math.round(within(draws, difficulty.clutter)) }, () => clutter(draws));
  const stroke =
    draws.uniform() < 0.4 ? ` stroke="${css(colour(draws))}" stroke-width="${write(within(draws, [0.05, 0.14]))}"` : '';
  let cover = '';
  if (draws.uniform() < difficulty.covered) {
    const width = within(draws, [0.14, 0.3]) * radius;
    const aside = within(draws, [-0.6, 0.6]) * radius;
    cover = `<rect x="${write(x - 1.6 * radius)}" y="${write(y + aside)}" width="${write(3.2 * radius)}" height="${write(width)}" fill="${css(colour(draws))}" transform="rotate(${write(within(draws, [0, 180]))} ${write(x)} ${write(y)})"/>`;
  }
  const texture = `<filter id="t" x="0" y="0" width="1" height="1"><feTurbulence type="fractalNoise" baseFrequency="${within(draws, [0.02, 0.12]).toFixed(3)}" numOctaves="2" seed="${draws.below(10000)}"/><feColorMatrix values="0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  1 0 0 0 -0.3"/></filter>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><defs>
<linearGradient id="g" gradientTransform="rotate(${write(within(draws, [0, 90]))})"><stop stop-color="${css(ground)}"/><stop offset="1" stop-color="${css(groundEnd)}"/></linearGradient>
<linearGradient id="p"><stop stop-color="${css(paint)}"/><stop offset="1" stop-color="${css(paintEnd)}"/></linearGradient>${texture}</defs>
<rect width="${SIDE}" height="${SIDE}" fill="url(#g)"/><rect width="${SIDE}" height="${SIDE}" filter="url(#t)"/>${behind.join('')}
<g transform="translate(${write(x)} ${write(y)}) rotate(${write(turn)}) scale(${write(radius * stretch)} ${write(radius / stretch)})"><path d="${outline}" fill="url(#p)" fill-rule="evenodd"${stroke}/></g>${cover}</svg>`;
}

/**
 * Draws one picture of a class.
 * @param draws every random choice of the picture comes from here, so the same draws give the same bytes.
 * @returns a JPEG file of 112 × 112 pixels.
 */
export async function drawPicture(className: string, draws: Draws): Promise<Buffer> {
  const svg = scene(shapes[className] as string, draws);
  const grain = within(draws, difficulty.grain);
  // Only the demo draws; whoever imports the package for something else does not wait for the library.
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  for (let pixel = 0; pixel < data.length; pixel += info.channels) {
    // The sum of two uniform draws has a triangular density of variance 1/6: near enough to normal for grain, and cheap.
    const word = draws.uint32();
    const noise = (((word & 0xffff) + (word >>> 16)) / 0x10000 - 1) * grain * Math.sqrt(6);
    for (let i = pixel; i < pixel + info.channels; i++)
      data[i] = Math.max(0, Math.min(255, Math.round((data[i] as number) + noise)));
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}
