// A suite measures one piece of work with several programs.
//
// cases: what is measured; `main` ones are in README.md, `curve` ones are points of docs/scaling-search.svg.
// unit, per: what a rate is called, and how much work a unit is.
// work: what a program that does several things is to do; a program may list its `works`.
// programs: who does it; the first is ours, and a `variant` of it is not compared. `script` is run by node or Python,
//   `needs` names the library without which it is left out, `first` caps its queries where it would take minutes,
//   `threads` overrides those of the case, `environment` adds variables, `inCurves` says whether it is drawn.
import { gather } from './gather.mjs';
import { gemm } from './gemm.mjs';
import { materialize } from './materialize.mjs';
import { nearest } from './nearest.mjs';
import { smote, eos } from './oversample.mjs';
import { train } from './train.mjs';

export const suites = [nearest, smote, eos, materialize, gather, gemm, train];
