/** What this machine offers and what is missing, checked by using it. */

import { cpus, totalmem } from 'node:os';
import { openBackbone, openModelSession, runtimeVersion } from '../backbone/index.js';
import { defaultThreads, kernelReport, type KernelReport } from '../kernels/index.js';
import { version } from './version.js';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface DoctorReport {
  readonly equipoise: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly memoryBytes: number;
  /** What this process may use: affinity and container limits counted in. */
  readonly threads: number;
  readonly kernels: KernelReport;
  readonly checks: readonly Check[];
  /** Whether everything that the toolkit needs works. */
  readonly ok: boolean;
}

async function attempt(name: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await work() };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message };
  }
}

/** Runs each part once: kernels, onnxruntime with the built-in backbone, image decoding. */
export async function doctor(): Promise<DoctorReport> {
  const threads = defaultThreads();
  const kernels = kernelReport();
  const checks = [
    await attempt('kernels', async () => {
      const failures = kernels.attempts.filter(({ error }) => error !== undefined);
      const why = failures.map(({ path, error }) => `${path}: ${error}`).join('; ');
      if (kernels.backend === 'reference') throw new Error(`only the reference is left, which is slow: ${why}`);
      return kernels.backend === 'addon'
        ? `native, ${kernels.isa}`
        : `WebAssembly, several times slower than native: ${why}`;
    }),
    await attempt('onnxruntime', async () => {
      const backbone = await openBackbone('tiny-image');
      await using session = await openModelSession(backbone.graph(), { threads: 1 });
      return `onnxruntime-node ${runtimeVersion().replace(/^\S+ /, '')}, runs ${backbone.id} (${session.inputs.map(({ name }) => name).join(', ')} → ${backbone.dim} numbers)`;
    }),
    await attempt('images', async () => {
      const { createImagePreprocessor, parseImageRecipe } = await import('../preprocess/index.js');
      const images = createImagePreprocessor(
        parseImageRecipe({ mode: 'RGB', resize: [8, 8], rescale: 1 / 255 }, 'doctor'),
        { size: [8, 8], layout: 'NCHW' },
      );
      // The smallest PNG there is: one pixel.
      const pixel = Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
        'base64',
      );
      await images.into({ kind: 'encoded-image', bytes: pixel }, new Float32Array(images.length), 0);
      return kernels.jpeg === 'sharp' ? 'sharp decodes' : `${kernels.jpeg} decodes JPEG, sharp the rest`;
    }),
  ];
  return {
    equipoise: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    threads,
    kernels,
    checks,
    ok: checks.every(({ ok }) => ok),
  };
}
