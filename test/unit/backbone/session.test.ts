import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openBackbone, openModelSession, type Feeds } from '../../../src/backbone/index.js';
import { EquipoiseError } from '../../../src/core/errors.js';
import { buildModel, writeModel } from '../../../src/onnx/index.js';
import { embedAll, image, modelsDir, numbers } from './fixtures.js';

const cnn = `${modelsDir}tiny-cnn`;
const code = (wanted: string, why: RegExp) => (error: Error) =>
  error instanceof EquipoiseError && error.code === wanted && why.test(error.message);

/** y = x + x, (batch, 2). */
const doubling = writeModel(
  buildModel({
    name: 'double',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 2] }],
    nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  }),
);
const feed = (...values: number[]): Feeds => ({ x: { data: Float32Array.from(values), dims: [values.length / 2, 2] } });

test('batches in flight are answered with their own rows', async () => {
  const backbone = await openBackbone(cnn);
  const items = Array.from({ length: 10 }, (_, i) => image(i));
  const whole = await embedAll(backbone, items);
  await using session = await backbone.openSession({ threads: 1 });
  const batches = await Promise.all([8, 0, 4].map((at) => backbone.preprocessor().batch(items.slice(at, at + 4))));
  const answers = await Promise.all(batches.map(({ inputs, count }) => session.run({ inputs, count })));
  assert.deepEqual(
    answers.map((rows) => [...rows]),
    [whole.slice(8), whole.slice(0, 4), whole.slice(4, 8)].map((rows) => rows.flat()),
  );
});

test('the memory of a batch is given away, that of a plain run is kept', async () => {
  const backbone = await openBackbone(cnn);
  await using session = await backbone.openSession({ threads: 1 });
  const room = new Float32Array(4 * 768);
  const { inputs, count } = await backbone.preprocessor().batch([image(1)], room);
  assert.equal(inputs['pixels']?.data.buffer, room.buffer);
  await session.run({ inputs, count });
  assert.equal(inputs['pixels']?.data.length, 0);
  await using plain = await openModelSession(doubling, { threads: 1 });
  const feeds = feed(1, 2, 3, 4);
  assert.deepEqual(numbers((await plain.run(feeds))['y']), [2, 4, 6, 8]);
  assert.deepEqual(numbers(feeds['x']), [1, 2, 3, 4]);
});

test('images that a session prepares itself get the vectors of those prepared outside, the broken ones are told', async () => {
  const backbone = await openBackbone(cnn);
  const contents = Array.from({ length: 7 }, (_, i) => image(i));
  const wanted = await embedAll(backbone, contents, 1);
  const broken = { kind: 'encoded-image', bytes: Buffer.from('GIF89a..') } as const;
  for (const threads of [1, 2])
    for (const size of [1, 3]) {
      await using session = await backbone.openSession({ threads });
      const all = [broken, ...contents.slice(0, 4), broken, ...contents.slice(4)];
      const batches = Array.from({ length: Math.ceil(all.length / size) }, (_, b) =>
        all.slice(b * size, (b + 1) * size),
      );
      const [made, again] = await Promise.all([session.embedImages(batches), session.embedImages([contents])]);
      assert.deepEqual(
        made.failures.map(({ index }) => index),
        [0, 5],
      );
      assert.match(made.failures[0]?.message ?? '', /received a GIF/);
      if (size === 1) assert.deepEqual([...made.vectors], wanted.flat());
      assert.equal(made.vectors.length, 7 * backbone.dim);
      assert.deepEqual([...again.vectors], (await embedAll(backbone, contents)).flat());
    }
  // What was sent is still there.
  assert.equal((contents[0] as { data: Uint8Array }).data.length, 768);
});

test('a view of a large matrix is fed without the rest of it', async () => {
  await using session = await openModelSession(doubling, { threads: 1 });
  const matrix = Float32Array.from({ length: 1000 }, (_, i) => i);
  const { y } = await session.run({ x: { data: matrix.subarray(10, 14), dims: [2, 2] } });
  assert.deepEqual(numbers(y), [20, 22, 24, 26]);
});

test('what fails in the worker comes back as an error of ours, and the session goes on', async () => {
  await using session = await openModelSession(doubling, { threads: 1 });
  await assert.rejects(
    session.run({ x: { data: new Float32Array(6), dims: [2, 3] } }),
    code('ERR_DATA', /failed on a batch of the model/),
  );
  await assert.rejects(session.run({ z: { data: new Float32Array(2), dims: [1, 2] } }), code('ERR_DATA', /'x'/));
  assert.deepEqual(numbers((await session.run(feed(1, 2)))['y']), [2, 4]);
});

test('a model that the runtime refuses, a closed session and a wrong thread count are told apart', async () => {
  await assert.rejects(
    openModelSession(doubling.subarray(0, 20), { threads: 1, where: 'half.onnx' }),
    code('ERR_DATA', /cannot open half\.onnx/),
  );
  await assert.rejects(openModelSession(doubling, { threads: 0 }), code('ERR_OPTION', /integer >= 1 for threads/));
  const session = await openModelSession(doubling, { threads: 1 });
  await session.close();
  await session.close();
  await assert.rejects(session.run(feed(1, 2)), code('ERR_OPTION', /closed/));
});

/** A program of its own, which loads the library from the build. */
async function program(body: string, ...flags: string[]): Promise<{ exit: number; out: string; err: string }> {
  const library = new URL('../../../src/backbone/index.js', import.meta.url).href;
  const source = `import { openBackbone } from ${JSON.stringify(library)};
    const backbone = await openBackbone('tiny-image');
    ${body}`;
  const args = [...flags, '--input-type=module', '--eval', source];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    return { exit: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code: exit, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exit, out: stdout, err: stderr };
  }
}

test('a forgotten session does not keep the process alive, an unanswered request does', async () => {
  const forgotten = await program(`await backbone.openSession({ threads: 1 }); console.log('open');`);
  assert.deepEqual([forgotten.exit, forgotten.out, forgotten.err], [0, 'open\n', '']);
  const waiting = await program(`const session = await backbone.openSession({ threads: 1 });
    const pixels = { data: new Float32Array(3 * 3072), dims: [3, 3, 32, 32] };
    session.run({ inputs: { pixel_values: pixels }, count: 3 }).then(({ length }) => console.log(length));`);
  assert.deepEqual([waiting.exit, waiting.out], [0, '384\n']);
});

test('a process that exits in the middle of a run has the code it asked for', async () => {
  const { exit } = await program(`const session = await backbone.openSession({ threads: 2 });
    const run = () => session.run({
      inputs: { pixel_values: { data: new Float32Array(64 * 3072), dims: [64, 3, 32, 32] } }, count: 64,
    });
    // The second begins when the first has been answered, and takes longer than ten milliseconds.
    run().then(() => setTimeout(() => process.exit(3), 10));
    run();`);
  assert.equal(exit, 3);
});

test('without onnxruntime-node the error says what to type', async () => {
  const hook = `export async function resolve(name, context, next) {
    if (name === '#ort') throw new Error('Cannot find package onnxruntime-node');
    return next(name, context);
  }`;
  const register = `import { register } from 'node:module';
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
  const { out } = await program(
    `await backbone.openSession({ threads: 1 }).catch(({ code, message }) => console.log(code, message));`,
    '--import',
    `data:text/javascript,${encodeURIComponent(register)}`,
  );
  assert.match(
    out,
    /^ERR_ENVIRONMENT .*Cannot find package onnxruntime-node.*ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node/,
  );
});
