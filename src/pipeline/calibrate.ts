/** Fits calibration and decision rule to a saved head, on held-out rows of a store. */

import { readFile } from 'node:fs/promises';
import { exportOnnx, loadClassifier, type ExportReport } from '../classifier/index.js';
import { EquipoiseError } from '../core/errors.js';
import { calibrate, wantsDecision, type CalibrateOptions, type DecisionFit } from '../decision/index.js';
import { openStore } from '../store/index.js';
import { headFromModel } from '../train/index.js';
import { openRows, sampleRows } from './memory.js';
import { assertSameBackbone } from './models.js';

export interface CalibrateModelOptions extends CalibrateOptions {
  /** The file to write. */
  readonly out: string;
  /** Whose validation rows are taken; a store without splits is held-out rows as a whole. */
  readonly split?: string;
  /** Rows that take more stay on disk; default a quarter of the machine's memory. */
  readonly memoryBytes?: number;
}

export interface CalibratedModel {
  readonly fit: DecisionFit;
  readonly export: ExportReport;
}

/**
 * Reads a head, fits it anew, writes it with what was fitted inside.
 * @throws ERR_OPTION for settings or when nothing is to be fitted, ERR_DATA for a file that is no head alone, or rows that must not
 * be fitted on, ERR_INTEGRITY for rows of another backbone.
 */
export async function calibrateModel(
  headPath: string,
  storePath: string,
  { out, split, memoryBytes, ...options }: CalibrateModelOptions,
): Promise<CalibratedModel> {
  if (!wantsDecision(options))
    throw new EquipoiseError(
      'ERR_OPTION',
      'Expected something to fit but received neither calibration nor decision. Give --calibration, --decision or both',
    );
  const head = headFromModel(await readFile(headPath), headPath);
  await using saved = await loadClassifier(headPath);
  const store = await openStore(storePath);
  assertSameBackbone(saved.backbone, store, headPath);
  if (split === undefined && store.splits().length > 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${storePath} has the splits ${store.splits().join(', ')}. Name one with --split, so that only its validation rows are taken`,
    );
  const set = await openRows(store, split === undefined ? {} : { split, part: 'validation' }, memoryBytes);
  const calibrated = await calibrate(head, set, options);
  const { recipe, backbone } = saved;
  const report = await exportOnnx(calibrated, {
    path: out,
    sampleRows: await sampleRows(set),
    ...(recipe.modality === 'table' && recipe.columns && { columns: recipe.columns }),
    ...(backbone && { embeddedWith: backbone }),
  });
  return { fit: calibrated.decision?.fit as DecisionFit, export: report };
}
