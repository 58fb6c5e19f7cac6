/** What a classifier file says of itself, in the metadata of its ONNX model. */

import type { ItemRecipe } from '../backbone/index.js';
import type { Column } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import type { TargetKind } from '../core/targets.js';
import { checkDecision, type Decision } from '../head/index.js';
import { getMetadata, type OnnxModel } from '../onnx/index.js';
import { parseImageRecipe, parseTokenizerSpec } from '../preprocess/index.js';

/** A classifier of rows of numbers: a table's columns, or embeddings that were made elsewhere. */
export interface RowRecipe {
  readonly modality: 'table';
  readonly dim: number;
  /** Absent for embeddings. */
  readonly columns?: readonly Column[];
}

/** Everything that turns an item into the inputs of the classifier's graph. */
export type ClassifierRecipe = ItemRecipe | RowRecipe;

/** The backbone whose embeddings the head was trained on. */
export interface BackboneNote {
  readonly id: string;
  readonly recipeHash: string;
  readonly fileSha256: string;
  readonly dim: number;
  readonly license?: string;
  readonly source?: string;
  readonly paper?: string;
}

export interface ClassifierDocument {
  readonly classNames: readonly string[];
  readonly recipe: ClassifierRecipe;
  readonly backbone?: BackboneNote;
  /** `many`: an item may have any number of the classes; default `one`. */
  readonly targets?: TargetKind;
  /** From which probability on each of them is predicted; default 0.5. */
  readonly thresholds?: readonly number[];
  /** How its logits are calibrated and its classes decided for; the nodes of the graph do it. */
  readonly decision?: Decision;
  /** How the head was trained. */
  readonly settings?: unknown;
}

const FORMAT = '1';
const keys = {
  format: 'equipoise.format',
  classNames: 'equipoise.classNames',
  recipe: 'equipoise.recipe',
  backbone: 'equipoise.backbone',
  targets: 'equipoise.targets',
  thresholds: 'equipoise.thresholds',
  decision: 'equipoise.decision',
  settings: 'equipoise.settings',
} as const;

export function writeDocument(document: ClassifierDocument): Record<string, string> {
  const { classNames, recipe, backbone, targets, thresholds, decision, settings } = document;
  return {
    [keys.format]: FORMAT,
    [keys.classNames]: JSON.stringify(classNames),
    [keys.recipe]: JSON.stringify(recipe),
    ...(backbone && { [keys.backbone]: JSON.stringify(backbone) }),
    ...(targets === 'many' && { [keys.targets]: JSON.stringify(targets) }),
    ...(thresholds && { [keys.thresholds]: JSON.stringify(thresholds) }),
    ...(decision && { [keys.decision]: JSON.stringify(decision) }),
    ...(settings !== undefined && { [keys.settings]: JSON.stringify(settings) }),
  };
}

/** The recipe is checked like any other that comes from a file. */
function checkRecipe(recipe: ClassifierRecipe, where: string): ClassifierRecipe {
  switch (recipe.modality) {
    case 'image':
      return { ...recipe, preprocess: parseImageRecipe(recipe.preprocess, `${where} preprocess`) };
    case 'text':
      return { ...recipe, tokenizer: parseTokenizerSpec(recipe.tokenizer, `${where} tokenizer`) };
    case 'table':
      if (!Number.isSafeInteger(recipe.dim) || recipe.dim < 1) break;
      return recipe;
  }
  throw new EquipoiseError('ERR_DATA', `${where}: its recipe is of an unknown kind. Export it again, or update`);
}

/** @throws ERR_DATA when the model was not exported by `exportOnnx`, or by a later version. */
export function readDocument(model: OnnxModel, where: string): ClassifierDocument {
  const metadata = getMetadata(model);
  const format = metadata[keys.format];
  if (format === undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `${where} is an ONNX model but no classifier: its metadata has no ${keys.format}. Expected a file that exportOnnx wrote`,
    );
  if (format !== FORMAT)
    throw new EquipoiseError(
      'ERR_DATA',
      `${where} has classifier format ${format} and this version reads ${FORMAT}. Update`,
    );
  const json = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? 'null');
    } catch (error) {
      throw new EquipoiseError('ERR_DATA', `${where}: its metadata ${key} is not JSON`, { cause: error });
    }
  };
  const classNames = json(keys.classNames);
  const recipe = json(keys.recipe);
  if (!Array.isArray(classNames) || !classNames.every((name) => typeof name === 'string'))
    throw new EquipoiseError('ERR_DATA', `${where}: its metadata lacks the class names`);
  if (typeof recipe !== 'object' || recipe === null)
    throw new EquipoiseError('ERR_DATA', `${where}: its metadata lacks the recipe`);
  const backbone = json(keys.backbone) as BackboneNote | null;
  const many = json(keys.targets) === 'many';
  const thresholds = json(keys.thresholds);
  const fits =
    Array.isArray(thresholds) && thresholds.length === classNames.length && thresholds.every(Number.isFinite);
  if (thresholds !== null && !(many && fits))
    throw new EquipoiseError('ERR_DATA', `${where}: its metadata has thresholds that do not fit its class names`);
  const decision = json(keys.decision) as Decision | null;
  const settings = json(keys.settings);
  return {
    classNames: classNames as string[],
    recipe: checkRecipe(recipe as ClassifierRecipe, where),
    ...(backbone && { backbone }),
    ...(many && { targets: 'many' as const }),
    ...(fits && { thresholds: thresholds as number[] }),
    ...(decision && { decision: checkDecision(decision, classNames.length, where) }),
    ...(settings !== null && { settings }),
  };
}
