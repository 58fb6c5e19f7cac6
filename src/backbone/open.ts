/** From a name, a folder or a file to an opened backbone. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EquipoiseError, expected } from '../core/errors.js';
import {
  cutAt,
  describeModel,
  findPenultimate,
  readModelFile,
  tensorNames,
  writeModel,
  type ModelFile,
  type ModelInfo,
} from '../onnx/index.js';
import { checkKeys } from '../preprocess/index.js';
import { createItemPreprocessor, type ItemPreprocessor, type ItemRecipe } from './items.js';
import { specFromHuggingFace } from './hugging-face.js';
import { howToAdd, locate } from './locate.js';
import { prepareGraph } from './prepare.js';
import { readJson } from './read-json.js';
import { checkInputs, override, specFromOptions, type BackboneOptions } from './resolve-spec.js';
import { openEmbeddingSession, type EmbeddingSession } from './session.js';
import type { BackboneSpec } from './spec.js';

const optionNames = 'input output pool normalize size preprocess tokenizer modelsDirs allowDomains'.split(' ');

export interface Backbone {
  readonly id: string;
  readonly modality: 'image' | 'text';
  /** Length of an embedding. */
  readonly dim: number;
  readonly spec: BackboneSpec;
  /** Everything that turns an item into the graph's inputs, as JSON. */
  readonly recipe: ItemRecipe;
  /** Changes exactly when something changes that an embedding depends on: weights, tensor, pooling, preprocessing, tokenizer. */
  readonly recipeHash: string;
  /** Of the .onnx file. */
  readonly fileSha256: string;
  /** `reduced` for float16 and integer arithmetic, whose results may depend on the batch. */
  readonly precision: 'float32' | 'reduced';
  /** The prepared ONNX file: one output, `embedding` (batch, dim) float32. */
  graph(): Uint8Array;
  /** One worker thread that embeds. @throws ERR_ENVIRONMENT without onnxruntime-node */
  openSession(options: { readonly threads: number }): Promise<EmbeddingSession>;
  preprocessor(): ItemPreprocessor;
}

function verify({ onnx }: BackboneSpec, { bytes, sha256 }: ModelFile, where: string): void {
  const advice = 'Replace the file, or fetch it again: equipoise models pull';
  if (onnx.bytes !== undefined && onnx.bytes !== bytes)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `Expected ${onnx.bytes} bytes for ${where} but it has ${bytes}. ${advice}`,
    );
  if (onnx.sha256 !== undefined && onnx.sha256 !== sha256)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `Expected sha256 ${onnx.sha256} for ${where} but it has ${sha256}. ${advice}`,
    );
}

/** @param taken what the prepared graph still takes: a cut may have made an input superfluous. */
async function itemRecipe(
  spec: BackboneSpec,
  folder: string,
  taken: ModelInfo['inputs'],
  options: BackboneOptions,
): Promise<ItemRecipe> {
  if (spec.modality === 'image') {
    const { name, layout, size } = spec.input;
    return { modality: 'image', input: { name, layout, size }, preprocess: spec.preprocess };
  }
  const { tokenizer } = spec;
  const { ids, mask, types } = spec.input.names;
  const tokenizerJson = await readJson(options.tokenizer ?? join(folder, tokenizer.file), 'a tokenizer.json');
  const takes = (name: string | undefined) => taken.some((input) => input.name === name);
  const length = taken.find(({ name }) => name === ids)?.shape?.[1];
  if (typeof length === 'number' && tokenizer.maxLength > length)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected tokenizer.maxLength <= ${length}, the length that ${spec.id} takes, but it is ${tokenizer.maxLength}. Set it in the backbone.json`,
    );
  return {
    modality: 'text',
    input: {
      ids,
      ...(takes(mask) && { mask }),
      ...(types !== undefined && takes(types) && { types }),
      dtype: spec.input.dtype,
      ...(typeof length === 'number' && { length }),
    },
    tokenizer,
    tokenizerJson: tokenizerJson as object,
  };
}

/** The same JSON for the same content, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Opens a backbone: by the name of one in `models/`, by a folder with a backbone.json or in the layout of the Hugging Face
 * hub, or by an ONNX file.
 *
 * A graph without a backbone.json needs options: `preprocess` (and `size`, where it takes any) for images, `tokenizer` for
 * text; `output` where its only output is not the embedding. The graph is cut at that tensor.
 *
 * @throws ERR_OPTION for an unknown name (suggesting near ones), a wrong spec or option, a tensor that is not in the graph;
 * ERR_INTEGRITY when the file is not the declared one; ERR_DATA when it is no ONNX model.
 *
 * @example
 * const backbone = await openBackbone('tiny-image');
 * await using session = await backbone.openSession({ threads: 2 });
 */
export async function openBackbone(idOrPath: string, options: BackboneOptions = {}): Promise<Backbone> {
  if (typeof idOrPath !== 'string' || idOrPath === '')
    throw expected('a name or a path', 'backbone', idOrPath, howToAdd);
  checkKeys(options, optionNames, 'openBackbone');
  const place = await locate(idOrPath, options.modelsDirs ?? []);
  const file = place.spec?.onnx.file ?? (place.file as string);
  const where = join(place.folder, file);
  if (place.spec !== undefined && !existsSync(where))
    throw new EquipoiseError(
      'ERR_OPTION',
      `The files of ${place.spec.id} are not here (${where}). Fetch them: equipoise models pull ${place.spec.id}`,
    );
  const graph = await readModelFile(where, options.allowDomains ? { allowDomains: options.allowDomains } : {});
  if (place.spec) verify(place.spec, graph, where);

  const info = describeModel(graph.model);
  const penultimate = () => {
    const name = findPenultimate(graph.model);
    if (name === undefined)
      throw expected(
        'a graph with a fully connected layer',
        'output penultimate',
        undefined,
        `Name a tensor of ${where} instead; the last ones are ${tensorNames(graph.model).slice(-8).join(', ')}`,
      );
    return name;
  };
  const inputsFor = (output: string) => describeModel(cutAt(graph.model, output)).inputs;
  const described = place.spec
    ? { ...place.spec }
    : place.hub
      ? await specFromHuggingFace(place.folder, file, { info, inputsFor, penultimate }, options)
      : specFromOptions(file, where, info, options);
  const spec = override(described, info, options, penultimate);
  checkInputs(spec, info, inputsFor(spec.output.name), where);
  const { model, dim } = await prepareGraph(graph.model, spec, where);
  const prepared = describeModel(model);
  const recipe = await itemRecipe(spec, place.folder, prepared.inputs, options);
  const preprocessor = createItemPreprocessor(recipe);
  const bytes = writeModel(model);
  // Version 2 of texts: ids as the reference library gives them, where a package of version 1 gave others.
  const recipeHash = createHash('sha256')
    .update(
      canonical({
        version: recipe.modality === 'text' ? 2 : 1,
        file: graph.sha256,
        external: graph.external,
        output: { ...spec.output, dim },
        recipe,
      }),
    )
    .digest('hex');
  return {
    id: spec.id,
    modality: spec.modality,
    dim,
    spec,
    recipe,
    recipeHash,
    fileSha256: graph.sha256,
    precision: prepared.precision,
    graph: () => bytes,
    openSession: ({ threads }) =>
      openEmbeddingSession(bytes, {
        threads,
        dim,
        where: spec.id,
        ...(recipe.modality === 'image' && { images: recipe }),
      }),
    preprocessor: () => preprocessor,
  };
}
