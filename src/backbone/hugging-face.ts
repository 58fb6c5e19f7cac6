/**
 * A local folder as it lies on the Hugging Face hub: `config.json`, `preprocessor_config.json` or `tokenizer.json`, and a
 * graph. What would be a backbone.json is derived from them; a setting that changes vectors and is not known is an error.
 */

import { basename, join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { showTensor, type ModelInfo, type TensorInfo } from '../onnx/index.js';
import { imageRecipeFrom } from './hugging-face-image.js';
import { sentenceModules, tokenizerFrom, type SentenceModules } from './hugging-face-text.js';
import { readJson } from './read-json.js';
import { imageInputOf, nameFor, textInputOf, textLength, type BackboneOptions } from './resolve-spec.js';

type Json = Record<string, unknown>;

/** Vision transformers whose first token stands for the image. */
const classToken = /^(vit|deit|dinov2|dinov2_with_registers|vit_msn)$/;

/** Networks whose `pooler_output` is the mean over the image, with nothing random in it, or the trained projection. */
const pooledOutput =
  /^(resnet|regnet|convnext|convnextv2|efficientnet|mobilenet_v[12]|mobilevit|swin|swinv2|bit|siglip|siglip_vision_model|clip|clip_vision_model)$/;

interface Output {
  readonly name: string;
  readonly pool: string;
}

/** What the graph says. */
interface Graph {
  readonly info: ModelInfo;
  /** The inputs that a tensor depends on. */
  inputsFor(output: string): readonly TensorInfo[];
  readonly penultimate: () => string;
}

interface Choice {
  readonly info: ModelInfo;
  readonly modelType: string;
  readonly modules: SentenceModules | undefined;
  readonly penultimate: () => string;
}

const rankOf = (tensor: TensorInfo) => tensor.shape?.length;
const takesImages = (inputs: readonly TensorInfo[]) => inputs.some((input) => rankOf(input) === 4);

/** @throws ERR_OPTION for a graph with both towers, as CLIP is exported, when none is asked for. */
function isImage({ info, inputsFor }: Graph, { output }: BackboneOptions, where: string): boolean {
  const both = takesImages(info.inputs) && info.inputs.some(({ name }) => name === 'input_ids');
  if (!both || output === 'penultimate') return takesImages(info.inputs);
  if (output !== undefined) return takesImages(inputsFor(output));
  throw new EquipoiseError(
    'ERR_OPTION',
    `Expected the name of a tensor for output, since ${where} embeds both images and texts. Choose one: --backbone-output image_embeds or --backbone-output text_embeds. Outputs: ${info.outputs.map(showTensor).join('; ')}`,
  );
}

/** Which tensor is the embedding, where the caller does not say; undefined where the files do not tell. */
function outputOf({ info, modelType, modules, penultimate }: Choice, image: boolean): Output | undefined {
  const named = (name: string) => info.outputs.find((output) => output.name === name);
  const tokens = named('last_hidden_state') ?? named('token_embeddings');
  const only = info.outputs.length === 1 ? info.outputs[0] : undefined;
  if (image) {
    if (named('image_embeds')) return { name: 'image_embeds', pool: 'none' };
    if (named('pooler_output') && pooledOutput.test(modelType)) return { name: 'pooler_output', pool: 'none' };
    if (tokens && rankOf(tokens) === 3 && classToken.test(modelType)) return { name: tokens.name, pool: 'cls' };
    if (only?.name === 'logits') return { name: penultimate(), pool: 'none' };
    return only && rankOf(only) === 2 ? { name: only.name, pool: 'none' } : undefined;
  }
  // The exporter put the pooling (and what follows) into the graph.
  for (const name of ['sentence_embedding', 'text_embeds']) if (named(name)) return { name, pool: 'none' };
  const vectors = tokens ?? (only && rankOf(only) === 3 ? only : undefined);
  if (vectors === undefined || modules?.pool === undefined) return undefined;
  if (modules.dense)
    throw new EquipoiseError(
      'ERR_OPTION',
      `modules.json applies a dense layer behind the pooling, which ${info.outputs.map(showTensor).join('; ')} leaves out. Export the model with its sentence_embedding output`,
    );
  return { name: vectors.name, pool: modules.pool };
}

/**
 * What stands in for the backbone.json of such a folder.
 * @param folder where the config.json is; `file` is the graph, as a path inside it.
 * @throws ERR_OPTION for a setting that is not known, or where the files leave the embedding open.
 */
export async function specFromHuggingFace(
  folder: string,
  file: string,
  graph: Graph,
  options: BackboneOptions,
): Promise<Json> {
  const { info, penultimate } = graph;
  const where = join(folder, file);
  const config = (await readJson(join(folder, 'config.json'), 'a config.json')) as Json;
  const modelType = String(config['model_type'] ?? '');
  const image = isImage(graph, options, where);
  const modules = image || options.pool !== undefined ? undefined : await sentenceModules(folder);
  const chosen: Partial<Output> | undefined =
    options.output === undefined ? outputOf({ info, modelType, modules, penultimate }, image) : {};
  const given = { ...chosen, ...(options.output !== undefined && { name: options.output }) };
  if (given.name === undefined && options.pool !== undefined && info.outputs.length === 1)
    given.name = info.outputs[0]?.name as string;
  if (given.name === undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `The files of ${folder} (model_type ${JSON.stringify(modelType)}) do not say which tensor is the embedding and how it is pooled. ` +
        `Outputs: ${info.outputs.map(showTensor).join('; ')}. Name them: --backbone-output and --pool (output and pool)`,
    );
  const stem = basename(file, '.onnx');
  const rest = {
    id: nameFor(join(folder, 'model.onnx')) + (stem === 'model' ? '' : `-${stem}`),
    onnx: { file },
    // Normalising what the graph normalised already changes nothing.
    output: { pool: modules?.pool ?? 'none', ...given, normalize: modules?.normalize ?? false },
  };
  if (image) {
    const { recipe, size } = await imageRecipeFrom(folder, options.preprocess !== undefined);
    const input = imageInputOf(info, { ...(size && { size }), ...options }, where);
    return { ...rest, modality: 'image', input, preprocess: recipe };
  }
  const input = textInputOf(info, where, /^clip(_text_model)?$/.test(modelType));
  const tokenizer = await tokenizerFrom(folder, options.tokenizer, config, textLength(info, input.names.ids));
  return { ...rest, modality: 'text', input, tokenizer };
}
