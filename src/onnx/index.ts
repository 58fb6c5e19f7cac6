/** Reading, checking, cutting, joining and writing ONNX graphs. */

export { buildModel, DEFAULT_OPSET, type ModelSpec, type TensorSpec } from './build.js';
export { checkModel, type CheckOptions } from './check.js';
export { readModelFile, type ModelFile } from './files.js';
export type { AttributeValue, GraphNode, GraphPart, GraphTensor } from './graph.js';
export {
  describeModel,
  getMetadata,
  opsetOf,
  readModel,
  setMetadata,
  showTensor,
  writeModel,
  type Dtype,
  type ModelInfo,
  type OnnxModel,
  type TensorInfo,
} from './model.js';
export {
  appendPart,
  castInput,
  cutAt,
  findPenultimate,
  joinModels,
  renameTensors,
  subgraph,
  tensorNames,
  type AppendOptions,
} from './surgery.js';
