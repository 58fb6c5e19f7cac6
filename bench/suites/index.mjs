// A suite measures one piece of work with several programs.
//
// cases: what is measured; `main` ones are in README.md and, unless `long`, in --quick, `curve` ones are points of
//   docs/scaling-search.svg.
// draw: makes what the programs of a case are given, where that is not the rows of bench/data.mjs.
// unit, per: what a rate is called, and how much work a unit is.
// work: what a program that does several things is to do; a program may list its `works`.
// programs: who does it; the first is ours, a `variant` of it is not compared, and one without int8 screening (`float32`) has a
//   ratio beside the first one's. `script` is run by node or Python,
//   `needs` names the library without which it is left out, `first` caps its queries where it would take minutes,
//   `threads` overrides those of the case, `environment` adds variables, `inCurves` says whether it is drawn.
import { embedImages, embedTexts } from './embed.mjs';
import { gather } from './gather.mjs';
import { gemm } from './gemm.mjs';
import { materialize } from './materialize.mjs';
import { nearest } from './nearest.mjs';
import {
  adasyn,
  borderlineSmote,
  editedNearestNeighbors,
  eos,
  randomOverSampling,
  smote,
  tomekLinks,
} from './resample.mjs';
import { train } from './train.mjs';

export const suites = [
  nearest,
  smote,
  borderlineSmote,
  adasyn,
  eos,
  randomOverSampling,
  editedNearestNeighbors,
  tomekLinks,
  materialize,
  gather,
  gemm,
  train,
  embedImages,
  embedTexts,
];
