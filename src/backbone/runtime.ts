import { createRequire } from 'node:module';

/** The runtime that makes embeddings, with its version, for the record: `onnxruntime-node 1.30.0`. */
export function runtimeVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    return `onnxruntime-node ${version}`;
  } catch {
    return 'onnxruntime-node, which cannot be found';
  }
}
