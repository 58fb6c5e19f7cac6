/** One ONNX file out of a head and its backbone, and predictions out of such a file. */

export type { BackboneNote, ClassifierRecipe, RowRecipe } from './document.js';
export { exportOnnx, type ExportableHead, type ExportOptions, type ExportReport } from './export.js';
export { loadClassifier, type Classifier, type Prediction, type PredictOptions } from './load.js';
export type { ParityReport } from './parity.js';
