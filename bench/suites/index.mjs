// A suite measures one piece of work with several programs.
//
// cases: what is measured; `main` ones are in README.md, `curve` ones are points of docs/scaling-search.svg.
// draw: makes what the programs of a case are given, where that is not the rows of bench/data.mjs.
// unit, per: what a rate is called, and how much work a unit is.
// programs: who does it; the first is ours, and a `variant` of it is not compared. `script` is run by node or Python,
//   `needs` names the library without which it is left out, `first` caps its queries where it would take minutes,
//   `environment` adds variables, `inCurves` says whether it is drawn.
import { embedImages, embedTexts } from './embed.mjs';
import { gather } from './gather.mjs';
import { gemm } from './gemm.mjs';
import { materialize } from './materialize.mjs';
import { nearest } from './nearest.mjs';
import { smote, eos } from './oversample.mjs';

export const suites = [nearest, smote, eos, materialize, gather, gemm, embedImages, embedTexts];
