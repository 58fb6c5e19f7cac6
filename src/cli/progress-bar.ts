/** A one-line progress bar on standard error; draws only on a terminal, at most ten times a second. */

import type { OnProgress } from '../index.js';

export interface ProgressBar {
  readonly onProgress: OnProgress;
  clear(): void;
}

export function createProgressBar(stream: NodeJS.WriteStream): ProgressBar {
  if (!stream.isTTY) return { onProgress: () => {}, clear: () => {} };
  let stage = '';
  let stageStart = 0;
  /** What an earlier run had done; it took none of this one's time. */
  let doneBefore = 0;
  let lastDraw = 0;
  return {
    onProgress: ({ stage: name, done, total, message }) => {
      const now = performance.now();
      if (name !== stage) {
        stage = name;
        stageStart = now;
        doneBefore = done;
      } else if (now - lastDraw < 100 && done !== total) return;
      lastDraw = now;
      const seconds = (now - stageStart) / 1000;
      const rate = seconds > 0.5 ? (done - doneBefore) / seconds : 0;
      const left = total !== undefined && rate > 0 ? ` · ${Math.ceil((total - done) / rate)} s left` : '';
      const filled = total ? Math.round((20 * done) / total) : 0;
      const bar = total ? ` [${'='.repeat(filled)}${' '.repeat(20 - filled)}] ${done}/${total}` : ` ${done}`;
      const text = `${name}${bar}${rate > 0 ? ` · ${rate.toPrecision(3)}/s` : ''}${left}${message ? ` · ${message}` : ''}`;
      stream.write(`\r\x1b[K${text.slice(0, (stream.columns || 80) - 1)}`);
    },
    clear: () => stream.write('\r\x1b[K'),
  };
}
