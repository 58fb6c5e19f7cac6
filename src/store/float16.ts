/** IEEE 754 half precision: two bytes a number, 11 significant bits, largest finite value 65504. */

/** Nearest half of each float32, ties to even, as bits; values that round beyond 65504 become infinity. */
export function toFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) half = 0x7e00;
    // 65520 = 0x477ff000 is the midpoint above 65504 and goes to the even neighbour, which is infinity.
    else if (magnitude >= 0x477ff000) half = 0x7c00;
    // Below 2^-14 halves are multiples of 2^-24: the float64 product is exact, so only the rounding rounds.
    else if (magnitude < 0x38800000) half = roundEven(Math.abs(values[i] as number) * 2 ** 24);
    // Rebias the exponent (127 → 15) and round the 13 dropped bits: half a unit less one, plus one if the kept part is odd.
    else half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    halves[i] = sign | half;
  }
  return halves;
}

function roundEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

let table: Float32Array | undefined;

/** Every half is exact in float32, so a table of all 65,536 is the whole conversion. */
function float32OfHalf(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 0) table[half] = sign * mantissa * 2 ** -24;
    else if (exponent === 0x1f) table[half] = mantissa ? NaN : sign * Infinity;
    else table[half] = sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** Widens halves into `out`, which has room for them at `at`. */
export function fromFloat16(
  halves: Uint16Array,
  out: Float32Array = new Float32Array(halves.length),
  at = 0,
): Float32Array {
  const wide = float32OfHalf();
  for (let i = 0; i < halves.length; i++) out[at + i] = wide[halves[i] as number] as number;
  return out;
}
