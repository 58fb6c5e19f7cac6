/** Every error that Equipoise raises on purpose. The code is stable; the message says expected, for what, got what, what to do. */

export type ErrorCode = 'ERR_OPTION' | 'ERR_SHAPE' | 'ERR_DATA' | 'ERR_INTEGRITY' | 'ERR_ENVIRONMENT' | 'ERR_ABORTED';

export class EquipoiseError extends Error {
  override readonly name = 'EquipoiseError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The value as a reader would recognise it, short enough for one line. */
export function show(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = JSON.stringify(value);
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (ArrayBuffer.isView(value)) text = `${value.constructor.name}(${(value as Uint8Array).length})`;
  else if (Array.isArray(value)) text = `array of ${value.length}`;
  else if (typeof value === 'object' && value !== null) text = Object.prototype.toString.call(value).slice(8, -1);
  else text = String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** `Expected integer >= 1 for eos.kNeighbors but received NaN of type number`. */
export function expected(what: string, name: string, got: unknown, advice = ''): EquipoiseError {
  const type = got === null ? 'null' : typeof got;
  const received = got === undefined ? 'nothing' : `${show(got)} of type ${type}`;
  return new EquipoiseError(
    'ERR_OPTION',
    `Expected ${what} for ${name} but received ${received}${advice && `. ${advice}`}`,
  );
}

/** Throws ERR_ABORTED once the signal is aborted; call it between units of work. */
export function throwIfAborted(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted)
    throw new EquipoiseError('ERR_ABORTED', `Stopped while ${doing}: the caller's signal was aborted`, {
      cause: signal.reason,
    });
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known names that a misspelt one was probably meant to be, nearest first; at most three. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const wanted = plain(name);
  return known
    .map((candidate) => {
      const text = plain(candidate);
      const contains = Math.min(wanted.length, text.length) > 2 && (text.includes(wanted) || wanted.includes(text));
      const edits = editDistance(wanted, text);
      return { candidate, edits, distance: contains ? Math.min(1, edits) : edits };
    })
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance || a.edits - b.edits)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** `Unknown strategy "esos". Did you mean eos? Known strategies: ce, eos, smote`. */
export function unknownName(
  kind: string,
  name: unknown,
  known: readonly string[],
  plural = `${kind}s`,
): EquipoiseError {
  const near = typeof name === 'string' ? nearNames(name, known) : [];
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  return new EquipoiseError(
    'ERR_OPTION',
    `Unknown ${kind} ${show(name)}.${hint} Known ${plural}: ${known.join(', ') || '(none)'}`,
  );
}
