/** What a backbone.json says, what the caller asks for and what the graph declares, brought together. */

import { basename, dirname } from 'node:path';
import { EquipoiseError, expected } from '../core/errors.js';
import { showTensor, type ModelInfo, type TensorInfo } from '../onnx/index.js';
import { channelsOf } from '../preprocess/index.js';
import type { PoolName } from './pooling.js';
import { presetBlock } from './presets.js';
import { parseBackboneSpec, type BackboneSpec } from './spec.js';

/** All but `modelsDirs` and `allowDomains` override what a backbone.json says, or stand in for one. */
export interface BackboneOptions {
  /** Name of the graph's image input. */
  readonly input?: string;
  /** The tensor to embed with, inner ones included; `penultimate` is what the last fully connected layer reads. */
  readonly output?: string;
  readonly pool?: PoolName;
  /** Whether vectors are scaled to length 1. */
  readonly normalize?: boolean;
  /** [height, width], for graphs that take any size. */
  readonly size?: readonly [height: number, width: number];
  /** imagenet, caffe, clip, none, or a whole `preprocess` block. */
  readonly preprocess?: string | object;
  /** Path of a tokenizer.json. */
  readonly tokenizer?: string;
  /** Folders of backbones, searched before the package's own. */
  readonly modelsDirs?: readonly string[];
  /** Operator domains to admit besides onnxruntime's own. */
  readonly allowDomains?: readonly string[];
}

function listTensors({ inputs, outputs }: ModelInfo): string {
  return `Inputs: ${inputs.map(showTensor).join('; ')}. Outputs: ${outputs.map(showTensor).join('; ')}`;
}

/** Layout, size and dtype of an image input, as the graph declares them. */
export function imageInputOf(info: ModelInfo, options: BackboneOptions, where: string): Record<string, unknown> {
  const images = info.inputs.filter(({ shape }) => shape?.length === 4);
  const input =
    options.input === undefined && images.length === 1
      ? images[0]
      : info.inputs.find(({ name }) => name === options.input);
  if (input?.shape?.length !== 4)
    throw expected('the name of an image input (4 axes)', 'input', options.input, `${where}: ${listTensors(info)}`);
  const channels = [1, 3];
  const layout =
    !channels.includes(input.shape[1] as number) && channels.includes(input.shape[3] as number) ? 'NHWC' : 'NCHW';
  const [height, width] = layout === 'NCHW' ? input.shape.slice(2) : input.shape.slice(1, 3);
  const size = options.size ?? (typeof height === 'number' && typeof width === 'number' ? [height, width] : undefined);
  if (size === undefined)
    throw expected('[height, width]', 'size', undefined, `${where} takes images of any size: ${showTensor(input)}`);
  return { name: input.name, layout, size, dtype: input.dtype };
}

/**
 * Which integer input is which, by the names that exporters give them.
 * @param causal whether the network reads from left to right, so that it needs no mask to be blind to padding.
 */
export function textInputOf(info: ModelInfo, where: string, causal = false) {
  const named = (pattern: RegExp) => info.inputs.find(({ name }) => pattern.test(name));
  const mask = named(/mask/i);
  const types = named(/type|segment/i);
  const ids = info.inputs.find((input) => input !== mask && input !== types && /id/i.test(input.name));
  if (ids === undefined || (mask === undefined && !causal))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected inputs for token ids and an attention mask in ${where}. ${listTensors(info)}. Name them in a backbone.json: input.names.ids, input.names.mask`,
    );
  return {
    names: { ids: ids.name, ...(mask && { mask: mask.name }), ...(types && { types: types.name }) },
    dtype: ids.dtype,
  };
}

/** Of the file or, as many are called model.onnx, of its folder. */
export function nameFor(path: string): string {
  const stem = basename(path).replace(/\.onnx$/, '');
  return (stem === 'model' ? basename(dirname(path)) : stem).replace(/[^\w.@+-]/g, '-') || 'model';
}

/** Stands in for a backbone.json where a graph comes alone. */
export function specFromOptions(
  file: string,
  where: string,
  info: ModelInfo,
  options: BackboneOptions,
): Record<string, unknown> {
  const text = options.tokenizer !== undefined || info.inputs.every(({ shape }) => shape?.length === 2);
  const rest = {
    id: nameFor(where),
    onnx: { file },
    output: { name: info.outputs[0]?.name, pool: 'none' },
  };
  if (info.outputs.length !== 1 && options.output === undefined)
    throw expected('the name of a tensor', 'output', undefined, `${where} has several. ${listTensors(info)}`);
  if (text) {
    if (options.tokenizer === undefined)
      throw expected(
        'the path of a tokenizer.json',
        'tokenizer',
        undefined,
        `${where} takes token ids. ${listTensors(info)}`,
      );
    const input = textInputOf(info, where);
    const length = textLength(info, input.names.ids);
    return {
      ...rest,
      modality: 'text',
      input,
      tokenizer: {
        file: basename(options.tokenizer),
        ...(length !== undefined && { maxLength: Math.min(512, length) }),
      },
    };
  }
  if (options.preprocess === undefined)
    throw expected(
      'imagenet, caffe, clip, none or a preprocess block',
      'preprocess',
      undefined,
      `${where} comes without a backbone.json, so say how it was trained to see images`,
    );
  return { ...rest, modality: 'image', input: imageInputOf(info, options, where), preprocess: {} };
}

/** The one length that the graph takes texts of, where it takes no others. */
export function textLength({ inputs }: ModelInfo, ids: string): number | undefined {
  const length = inputs.find(({ name }) => name === ids)?.shape?.[1];
  return typeof length === 'number' ? length : undefined;
}

/** What the caller asks for on top of a backbone.json, or of what stands in for one. */
export function override(
  spec: Record<string, unknown>,
  info: ModelInfo,
  options: BackboneOptions,
  penultimate: () => string,
): BackboneSpec {
  const output = { ...(spec['output'] as Record<string, unknown>) };
  if (options.output !== undefined) output['name'] = options.output;
  if (output['name'] === 'penultimate') output['name'] = penultimate();
  if (options.pool !== undefined) output['pool'] = options.pool;
  if (options.normalize !== undefined) output['normalize'] = options.normalize;
  if (options.output !== undefined || options.pool !== undefined) delete output['dim'];
  const changed: Record<string, unknown> = { ...spec, output };
  const image = spec['modality'] === 'image';
  const misplaced = (image ? ['tokenizer'] : ['preprocess', 'size', 'input']).find(
    (name) => options[name as keyof BackboneOptions] !== undefined,
  );
  if (misplaced !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Option ${misplaced} does not apply to the ${image ? 'image' : 'text'} backbone ${String(spec['id'])}. Leave it out`,
    );
  if (image) {
    const input = { ...(spec['input'] as Record<string, unknown>) };
    if (options.input !== undefined) input['name'] = options.input;
    if (options.size !== undefined) input['size'] = options.size;
    changed['input'] = input;
    if (typeof options.preprocess === 'string')
      changed['preprocess'] = presetBlock(options.preprocess, input['size'] as [number, number]);
    else if (options.preprocess !== undefined) changed['preprocess'] = options.preprocess;
  } else if (options.tokenizer !== undefined) {
    changed['tokenizer'] = { ...(spec['tokenizer'] as Record<string, unknown>), file: basename(options.tokenizer) };
  }
  return parseBackboneSpec(withTokenTypes(changed, info), 'the backbone');
}

/** Networks that tell sentences apart want zeros there for one text. */
function withTokenTypes(spec: Record<string, unknown>, info: ModelInfo): Record<string, unknown> {
  const input = spec['input'] as { names?: Record<string, string> } | undefined;
  const types = info.inputs.find(({ name }) => name === 'token_type_ids');
  if (input?.names === undefined || input.names['types'] !== undefined || types === undefined) return spec;
  return { ...spec, input: { ...input, names: { ...input.names, types: types.name } } };
}

/**
 * Names, size and type that are declared must be the graph's.
 * @param needed the inputs that the embedding depends on: a graph with an image and a text tower has others beside them.
 */
export function checkInputs(spec: BackboneSpec, info: ModelInfo, needed: readonly TensorInfo[], where: string): void {
  const fail = (what: string) => new EquipoiseError('ERR_OPTION', `${what}. ${listTensors(info)}`);
  const names = spec.modality === 'image' ? [spec.input.name] : Object.values(spec.input.names);
  for (const name of names) {
    const input = info.inputs.find((candidate) => candidate.name === name);
    if (input === undefined) throw fail(`${where} has no input ${JSON.stringify(name)}`);
    if (input.dtype !== spec.input.dtype)
      throw fail(`Expected input ${name} of ${where} to be ${spec.input.dtype}, as declared, but it is ${input.dtype}`);
    if (spec.modality === 'text') continue;
    const { layout, size } = spec.input;
    const channels = channelsOf(spec.preprocess);
    const wanted = layout === 'NCHW' ? [channels, ...size] : [...size, channels];
    const given = input.shape?.slice(1) ?? wanted;
    if (given.length !== 3 || given.some((side, i) => typeof side === 'number' && side !== wanted[i]))
      throw fail(
        `Expected input ${name} of ${where} to take ${layout} images of ${channels} x ${size.join(' x ')}, as declared, but it is ${showTensor(input)}`,
      );
  }
  const extra = needed.find(({ name }) => !names.includes(name));
  if (extra)
    throw fail(
      `${where} also needs ${showTensor(extra)}, which ${spec.modality === 'image' ? 'an image' : 'a text'} backbone does not give`,
    );
}
