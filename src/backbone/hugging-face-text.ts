/** `tokenizer_config.json` and the files of sentence-transformers → a `tokenizer` block, pooling and normalisation. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { checkKeys } from '../preprocess/index.js';
import { fileInside } from './spec.js';
import { readJson } from './read-json.js';

type Json = Record<string, unknown>;

/** What sentence-transformers calls each pooling, in its older files and its newer ones. */
const poolings: Readonly<Record<string, string>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_max_tokens: 'max',
  pooling_mode_lasttoken: 'last',
  cls: 'cls',
  mean: 'mean',
  max: 'max',
  lasttoken: 'last',
};
const unsupported = ['pooling_mode_mean_sqrt_len_tokens', 'pooling_mode_weightedmean_tokens'];

export interface SentenceModules {
  readonly pool?: string;
  readonly normalize: boolean;
  /** Whether layers follow the pooling. */
  readonly dense: boolean;
}

const readIf = async (path: string, what: string): Promise<Json> =>
  existsSync(path) ? ((await readJson(path, what)) as Json) : {};

/** @throws ERR_OPTION for several modes at once or one that is not known. */
export function poolOf(config: unknown, where: string): string {
  const block = checkKeys(
    config,
    [
      'word_embedding_dimension',
      'embedding_dimension',
      'pooling_mode',
      'include_prompt',
      ...Object.keys(poolings).filter((key) => key.startsWith('pooling_mode_')),
      ...unsupported,
    ],
    where,
  );
  if (block['include_prompt'] === false)
    throw new EquipoiseError('ERR_OPTION', `${where} leaves prompts out of the pooling, which is not supported`);
  const single = block['pooling_mode'];
  const modes =
    single === undefined
      ? Object.keys(block).filter((key) => key.startsWith('pooling_mode_') && block[key] === true)
      : [single].flat();
  const [mode] = modes;
  if (modes.length !== 1 || typeof mode !== 'string')
    throw expected('one pooling mode', where, modes.join(', ') || 'none', 'Pass --pool');
  if (!Object.hasOwn(poolings, mode)) throw unknownName(`pooling mode in ${where}`, mode, Object.keys(poolings));
  return poolings[mode] as string;
}

/** What follows the network, from `modules.json`; undefined where there is none. */
export async function sentenceModules(folder: string): Promise<SentenceModules | undefined> {
  const path = join(folder, 'modules.json');
  const lone = join(folder, '1_Pooling', 'config.json');
  if (!existsSync(path)) {
    if (!existsSync(lone)) return undefined;
    return { pool: poolOf(await readJson(lone, 'a pooling config'), lone), normalize: false, dense: false };
  }
  const modules = await readJson(path, 'a modules.json');
  if (!Array.isArray(modules)) throw expected('a list of modules', path, modules);
  let pool: string | undefined;
  let normalize = false;
  let dense = false;
  for (const { type, path: inside = '' } of modules as { type?: unknown; path?: unknown }[]) {
    const name = String(type).split('.').at(-1) as string;
    if (normalize) throw expected('nothing behind Normalize', path, type);
    if (name === 'Pooling') {
      const config = join(folder, fileInside(inside, `path in ${path}`), 'config.json');
      pool = poolOf(await readJson(config, 'a pooling config'), config);
    } else if (name === 'Normalize') normalize = true;
    else if (name === 'Dense') dense = true;
    else if (!['Transformer', 'Dropout'].includes(name))
      throw unknownName(`module in ${path}`, type, ['Transformer', 'Pooling', 'Normalize', 'Dense']);
  }
  return { ...(pool !== undefined && { pool }), normalize, dense };
}

const isLength = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 1_000_000;

/**
 * Reads how texts become ids: the length they are cut to, sides, the padding token.
 * @param fixed the one length that the graph takes, if it takes no other.
 */
export async function tokenizerFrom(
  folder: string,
  file: string | undefined,
  config: Json,
  fixed: number | undefined,
): Promise<Json> {
  const sentence = await readIf(join(folder, 'sentence_bert_config.json'), 'a sentence_bert_config.json');
  checkKeys(
    sentence,
    [
      'max_seq_length',
      'do_lower_case',
      'model_args',
      'tokenizer_args',
      'config_args',
      'model_name_or_path',
      'transformer_task',
      'modality_config',
      'module_output_name',
      'processing_kwargs',
      'method_output_name',
    ],
    join(folder, 'sentence_bert_config.json'),
  );
  const prompts = await readIf(join(folder, 'config_sentence_transformers.json'), 'a config');
  const prompt = prompts['default_prompt_name'];
  const texts = (prompts['prompts'] ?? {}) as Json;
  if (prompt != null && typeof texts[String(prompt)] !== 'string')
    throw expected('the name of a prompt', `${folder} default_prompt_name`, prompt);
  const settings = await readIf(join(folder, 'tokenizer_config.json'), 'a tokenizer_config.json');
  const tokenizer = (await readJson(file ?? join(folder, 'tokenizer.json'), 'a tokenizer.json')) as {
    normalizer?: { type?: unknown; lowercase?: unknown } | null;
    added_tokens?: { id: number; content: string }[];
  };
  const { normalizer } = tokenizer;
  const lower = settings['do_lower_case'];
  if (normalizer?.type === 'BertNormalizer' && lower !== undefined && lower !== (normalizer.lowercase ?? true))
    throw new EquipoiseError(
      'ERR_OPTION',
      `tokenizer_config.json of ${folder} says do_lower_case ${String(lower)} and tokenizer.json does otherwise. Make them agree`,
    );
  // The shortest of what the files know; positions that the network was not trained for are never used.
  const inner = (config['text_config'] ?? {}) as Json;
  const lengths = [
    sentence['max_seq_length'] ?? settings['model_max_length'],
    config['max_position_embeddings'] ?? inner['max_position_embeddings'],
    fixed,
  ].filter(isLength);
  const pad = settings['pad_token'];
  const padName = typeof pad === 'object' && pad !== null ? (pad as Json)['content'] : pad;
  const padId = tokenizer.added_tokens?.find(({ content }) => content === padName)?.id;
  return {
    file: 'tokenizer.json',
    ...(lengths.length > 0 && { maxLength: Math.min(...lengths) }),
    ...(sentence['do_lower_case'] === true && { lowercase: true }),
    ...(prompt != null && { prefix: texts[String(prompt)] }),
    ...(padId !== undefined && padId !== 0 && { padId }),
    ...(settings['padding_side'] !== undefined && { padSide: settings['padding_side'] }),
    ...(settings['truncation_side'] !== undefined && { truncateSide: settings['truncation_side'] }),
  };
}
