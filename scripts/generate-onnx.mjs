// Writes src/onnx/generated/onnx_pb.ts from src/onnx/onnx.proto.
// The compiler and its plug-in are needed only here, so they are fetched into a temporary folder and not installed with the project.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const room = fileURLToPath(new URL('../src/onnx/', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'generate-onnx-'));
try {
  writeFileSync(join(work, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '@bufbuild/buf@1.75', '@bufbuild/protoc-gen-es@2.17'], {
    cwd: work,
    stdio: 'inherit',
  });
  cpSync(join(room, 'onnx.proto'), join(work, 'onnx.proto'));
  writeFileSync(join(work, 'buf.yaml'), 'version: v2\n');
  writeFileSync(
    join(work, 'buf.gen.yaml'),
    JSON.stringify({
      version: 'v2',
      plugins: [{ local: 'node_modules/.bin/protoc-gen-es', out: '.', opt: ['target=ts', 'import_extension=js'] }],
    }),
  );
  execFileSync(join(work, 'node_modules/.bin/buf'), ['generate', '--path', 'onnx.proto'], {
    cwd: work,
    stdio: 'inherit',
  });
  cpSync(join(work, 'onnx_pb.ts'), join(room, 'generated/onnx_pb.ts'));
} finally {
  rmSync(work, { recursive: true, force: true });
}
