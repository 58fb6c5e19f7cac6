import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { EquipoiseError } from '../../../src/core/errors.js';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation,
  type TensorProto,
} from '../../../src/onnx/generated/onnx_pb.js';
import { checkModel, readModel, readModelFile, writeModel, type OnnxModel } from '../../../src/onnx/index.js';
import { chain, firstNode, runModel } from './models.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-check-'));
});
after(() => rm(folder, { recursive: true }));

const refuses = (model: OnnxModel, why: RegExp) =>
  assert.throws(
    () => checkModel(model, { where: 'x.onnx' }),
    (error: Error) => error instanceof EquipoiseError && error.code === 'ERR_DATA' && why.test(error.message),
  );

function withTensor(change: (tensor: TensorProto) => void): OnnxModel {
  const model = chain();
  change(model.graph?.initializer[0] as TensorProto);
  return model;
}

/** The weight 2 of `middle`, kept in another file. */
function external(location: string, offset?: string, length?: string): OnnxModel {
  return withTensor((tensor) => {
    tensor.rawData = new Uint8Array(0);
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = Object.entries({ location, offset, length }).flatMap(([key, value]) =>
      value === undefined ? [] : [{ $typeName: 'onnx.StringStringEntryProto', key, value }],
    );
  });
}

test('a sound model passes', () => checkModel(chain(), { where: 'x.onnx' }));

test('operators of a foreign domain are refused unless they are allowed by name', () => {
  const model = chain();
  firstNode(model).domain = 'com.example.custom';
  refuses(model, /operator Mul of domain com\.example\.custom/);
  checkModel(model, { where: 'x.onnx', allowDomains: ['com.example.custom'] });
});

test('shapes that overflow, are negative, or promise more than the data holds are refused', () => {
  refuses(
    // 2^32 · 2^32 = 2^64 wraps around to 0 in 64 bits.
    withTensor((tensor) => (tensor.dims = [2n ** 32n, 2n ** 32n])),
    /multiply to more than 2\^40/,
  );
  refuses(
    withTensor((tensor) => (tensor.dims = [-1n])),
    /the size -1/,
  );
  refuses(
    withTensor((tensor) => (tensor.dims = [2n])),
    /needs 8 bytes and has 4/,
  );
  refuses(
    withTensor((tensor) => {
      tensor.rawData = new Uint8Array(0);
      tensor.floatData = [1, 2];
    }),
    /needs 1 entries and has 2/,
  );
  refuses(
    withTensor((tensor) => (tensor.dataType = 99)),
    /unknown element type 99/,
  );
});

test('functions that call themselves are refused', () => {
  const model = chain();
  const call = (name: string) => create(NodeProtoSchema, { opType: name, domain: 'own' });
  const define = (name: string, calls: string) =>
    create(FunctionProtoSchema, { name, domain: 'own', node: [call(calls)] });
  model.functions = [define('a', 'b'), define('b', 'a')];
  refuses(model, /calls itself/);
  model.functions = [define('a', 'b'), define('b', 'c')];
  checkModel(model, { where: 'x.onnx' });
  // A chain of 40 is deeper than the 32 that are let through.
  model.functions = Array.from({ length: 40 }, (_, i) => define(`f${i}`, `f${i + 1}`));
  refuses(model, /nest deeper than 32/);
});

test('external data may only be named inside the folder of the model', () => {
  for (const location of ['../weights.bin', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\\b', '', 'a//b', 'file:x'])
    refuses(external(location), /only a path inside the model's own folder/);
  checkModel(external('weights.bin'), { where: 'x.onnx' });
});

test('external data is taken into the model, from its offset', async () => {
  // 4 bytes of filler, then the float 2.
  await writeFile(join(folder, 'weights.bin'), Buffer.from(Float32Array.of(7, 2).buffer));
  const path = join(folder, 'external.onnx');
  await writeFile(path, writeModel(external('weights.bin', '4', '4')));
  const { model, external: hashes } = await readModelFile(path);
  assert.deepEqual(Object.keys(hashes), ['weights.bin']);
  assert.deepEqual((await runModel(model, 'x', [1, 2], [1, 2]))['y'], [6, 12]);
});

test('external data behind a link, out of range or missing is refused', async () => {
  const path = join(folder, 'bad.onnx');
  const opening = async (model: OnnxModel) => {
    await writeFile(path, writeModel(model));
    return readModelFile(path);
  };
  await writeFile(join(folder, 'two.bin'), new Uint8Array(8));
  await symlink(join(folder, 'two.bin'), join(folder, 'link.bin'));
  await assert.rejects(opening(external('link.bin', '0', '4')), /is a link/);
  await assert.rejects(opening(external('two.bin', '6', '4')), /lies at 6 \+ 4 of two\.bin, which has 8 bytes/);
  await assert.rejects(opening(external('two.bin', '0', '8')), /needs 4 bytes and has 8/);
  await assert.rejects(opening(external('gone.bin')), /is not there/);
});

test('a path without a file is the caller’s mistake', async () => {
  await assert.rejects(
    readModelFile(join(folder, 'nothing.onnx')),
    (error: Error) =>
      error instanceof EquipoiseError && error.code === 'ERR_OPTION' && /nothing\.onnx/.test(error.message),
  );
});

/** A graph inside an attribute of a node, inside a graph, and so on. */
function nested(depth: number): OnnxModel {
  const model = chain();
  let graph = create(GraphProtoSchema, {});
  for (let i = 0; i < depth; i++)
    graph = create(GraphProtoSchema, {
      node: [
        create(NodeProtoSchema, { opType: 'If', attribute: [create(AttributeProtoSchema, { name: 'g', g: graph })] }),
      ],
    });
  firstNode(model).attribute = [create(AttributeProtoSchema, { name: 'g', g: graph })];
  return model;
}

test('graphs too deep, too large or with names too long are refused', () => {
  checkModel(nested(20), { where: 'x.onnx' });
  refuses(nested(40), /graphs nest deeper than 32/);
  const many = chain();
  const node = firstNode(many);
  (many.graph as NonNullable<typeof many.graph>).node = Array.from({ length: 500_001 }, () => node);
  refuses(many, /more than 500000 nodes/);
  const long = chain();
  firstNode(long).output = ['x'.repeat(10_001)];
  refuses(long, /a name of 10001 characters/);
  refuses(
    withTensor((tensor) => (tensor.dims = Array.from({ length: 65 }, () => 1n))),
    /65 axes/,
  );
});

test('bytes that nest without end, or end too early, are no model: they neither hang nor overflow', () => {
  // Field 7 (graph) → field 1 (node) → field 5 (attribute) → field 6 (graph) → field 1 …, each around the one before.
  const wrap = (field: number, inner: Uint8Array): Uint8Array => {
    const length: number[] = [];
    for (let left = inner.length; ; left >>>= 7) {
      if (left < 128) {
        length.push(left);
        break;
      }
      length.push((left & 127) | 128);
    }
    return Uint8Array.from([(field << 3) | 2, ...length, ...inner]);
  };
  let bytes: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < 1500; i++) bytes = wrap(1, wrap(5, wrap(6, bytes)));
  const whole = writeModel(chain());
  const fits = (error: Error) => error instanceof EquipoiseError && error.code === 'ERR_DATA';
  assert.throws(() => checkModel(readModel(Buffer.concat([wrap(7, bytes), whole]), 'deep'), { where: 'deep' }), fits);
  // Cut between two fields, what is left decodes; then no tensor or node may be trusted to be there.
  for (let length = 0; length < whole.length; length++)
    try {
      checkModel(readModel(whole.subarray(0, length), 'cut'), { where: 'cut' });
    } catch (error) {
      assert.ok(fits(error as Error), String(error));
    }
});

test('a link in the path to external data is refused, wherever it leads; a second name of the same file is not', async () => {
  // A package manager may keep files under several names; what is read lies in the model's folder either way, and is hashed.
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'w.bin'), Buffer.from(Float32Array.of(2).buffer));
  await symlink(join(folder, 'data'), join(folder, 'linked'));
  const path = join(folder, 'nested.onnx');
  await writeFile(path, writeModel(external('linked/w.bin', '0', '4')));
  await assert.rejects(readModelFile(path), /is a link/);
  await writeFile(path, writeModel(external('data/w.bin', '0', '4')));
  assert.deepEqual(Object.keys((await readModelFile(path)).external), ['data/w.bin']);
});
