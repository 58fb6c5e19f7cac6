import { join } from 'node:path';
import { drawPhotos, drawTexts } from '../embed/items.mjs';
import { writeImageModel, writeTextModel } from '../embed/models.mjs';

/** For some ten seconds each: less is measured while the engine still compiles. */
const PHOTOS = { squeezenet: 2048, mobilenet: 2048, resnet18: 512 };
const QUESTIONS = 2048;

const images = [
  { id: 'squeezenet', main: true, text: 'a network of the shape of SqueezeNet 1.1' },
  { id: 'mobilenet', main: true, text: 'a network of the shape of MobileNetV2' },
  { id: 'resnet18', main: true, long: true, text: 'a network of the shape of ResNet-18' },
  {
    id: 'squeezenet-squeezed',
    model: 'squeezenet',
    squeezed: true,
    text: 'that of SqueezeNet 1.1, whole photographs squeezed into a square',
  },
];

export const embedImages = {
  name: 'embed-images',
  title: 'Photographs of 500 x 375 on the disk to vectors in a store',
  unit: 'images/s',
  per: 1,
  cases: ({ threads }) => images.map((one) => ({ model: one.id, threads, ...one })),
  async draw(folder, { model, squeezed }) {
    await writeImageModel(join(folder, model), model, { squeezed });
    await drawPhotos(join(folder, 'photos'), PHOTOS[model]);
  },
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/embed-images.mjs' },
    {
      name: 'equipoise, one image decoded, resized and normalised, by processor time of one thread',
      variant: true,
      script: 'ours/embed-images-prepare.mjs',
    },
    {
      name: 'sharp, one image decoded, by processor time of one thread',
      variant: true,
      script: 'ours/embed-images-sharp.mjs',
    },
    {
      name: 'decoding and onnxruntime alone, by processor time',
      needs: 'onnxruntime-node',
      script: 'ours/embed-images-bound.mjs',
    },
    { name: '@huggingface/transformers', needs: '@huggingface/transformers', script: 'peers/transformers-images.mjs' },
  ],
};

export const embedTexts = {
  name: 'embed-texts',
  title: 'Questions of 10 words on average to vectors in a store',
  unit: 'texts/s',
  per: 1,
  cases: ({ threads }) => [
    { id: 'minilm', model: 'minilm', threads, main: true, text: 'a network of the shape of MiniLM-L6' },
  ],
  async draw(folder, { model }) {
    await writeTextModel(join(folder, model));
    await drawTexts(join(folder, 'texts.csv'), QUESTIONS);
  },
  programs: [
    { name: 'equipoise', ours: true, script: 'ours/embed-texts.mjs' },
    {
      name: 'onnxruntime alone, by length',
      needs: 'onnxruntime-node',
      script: 'ours/embed-texts-raw.mjs',
      method: 'by-length',
    },
    {
      name: 'onnxruntime alone, in the given order',
      needs: 'onnxruntime-node',
      script: 'ours/embed-texts-raw.mjs',
      method: 'in-order',
    },
    { name: '@huggingface/transformers', needs: '@huggingface/transformers', script: 'peers/transformers-texts.mjs' },
  ],
};
