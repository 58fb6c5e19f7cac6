/** Preprocessing that many published image networks share, for graphs that come without a backbone.json. */

import { lookUp } from '../core/registry.js';

interface Preset {
  readonly name: string;
  readonly summary: string;
  /** A `preprocess` block for a network that takes `size` = [height, width]. */
  readonly block: (size: readonly [number, number]) => Record<string, unknown>;
}

const shorter = ([height, width]: readonly [number, number]) => Math.min(height, width);

const imagenet: Preset = {
  name: 'imagenet',
  summary: 'RGB in 0 … 1, ImageNet mean and deviation, shortest edge 256/224 of the input (torchvision, timm)',
  block: (size) => ({
    mode: 'RGB',
    resizeShortestEdge: Math.round((shorter(size) * 256) / 224),
    filter: 'bilinear',
    centerCrop: [...size],
    rescale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  }),
};

const caffe: Preset = {
  name: 'caffe',
  summary: 'BGR in 0 … 255 minus (104, 117, 123), shortest edge 256/224 of the input (Caffe model zoo)',
  block: (size) => ({
    mode: 'BGR',
    resizeShortestEdge: Math.round((shorter(size) * 256) / 224),
    filter: 'bilinear',
    centerCrop: [...size],
    rescale: 1,
    mean: [104, 117, 123],
    std: [1, 1, 1],
  }),
};

const clip: Preset = {
  name: 'clip',
  summary: 'RGB in 0 … 1, CLIP mean and deviation, bicubic, shortest edge = the input',
  block: (size) => ({
    mode: 'RGB',
    resizeShortestEdge: shorter(size),
    filter: 'bicubic',
    centerCrop: [...size],
    rescale: 1 / 255,
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  }),
};

const none: Preset = {
  name: 'none',
  summary: 'RGB in 0 … 255 as it is, for graphs that normalise by themselves; shortest edge = the input',
  block: (size) => ({
    mode: 'RGB',
    resizeShortestEdge: shorter(size),
    filter: 'bilinear',
    centerCrop: [...size],
    rescale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  }),
};

export const preprocessPresets = { imagenet, caffe, clip, none } as const;

/** @throws ERR_OPTION for an unknown name. */
export function presetBlock(name: string, size: readonly [number, number]): Record<string, unknown> {
  return lookUp(preprocessPresets, 'preprocess preset', name).block(size);
}
