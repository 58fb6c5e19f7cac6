/** Pretrained networks: found, checked, prepared, and run off the event loop. */

export {
  createItemPreprocessor,
  type ImageItems,
  type ItemPreprocessor,
  type ItemRecipe,
  type PreparedBatch,
  type TextBatcher,
  type TextItems,
} from './items.js';
export { download, type DownloadOptions, type Downloaded, type Remote } from './download.js';
export {
  addBackbone,
  pullBackbone,
  verifyBackbones,
  type AddOptions,
  type Installed,
  type InstallOptions,
  type PullOptions,
  type Verified,
} from './install.js';
export { listBackbones, type BackboneEntry } from './locate.js';
export { openBackbone, type Backbone } from './open.js';
export { poolings, type Pooling, type PoolName } from './pooling.js';
export { preprocessPresets } from './presets.js';
export type { BackboneOptions } from './resolve-spec.js';
export {
  openModelSession,
  type EmbeddingSession,
  type Feeds,
  type ModelSession,
  type SessionTensor,
  type Tensor,
} from './session.js';
export { runtimeVersion } from './runtime.js';
export { parseBackboneSpec, type BackboneSpec, type ImageSpec, type TextSpec } from './spec.js';
