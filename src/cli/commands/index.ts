/** Commands by name, in the order in which help lists them. Adding one is its file and a line here. */

import { bundleCommand } from './bundle.js';
import { calibrateCommand } from './calibrate.js';
import { compareCommand } from './compare.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { embedCommand } from './embed.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { importCommand } from './import.js';
import { inspectCommand } from './inspect.js';
import { modelsCommand } from './models.js';
import { predictCommand } from './predict.js';
import { reportCommand } from './report.js';
import { resampleCommand } from './resample.js';
import { runCommand } from './run.js';
import { splitCommand } from './split.js';
import { trainCommand } from './train.js';
import { tuneCommand } from './tune.js';
import { workerCommand } from './worker.js';

export const commands = {
  run: runCommand,
  demo: demoCommand,
  embed: embedCommand,
  worker: workerCommand,
  import: importCommand,
  export: exportCommand,
  split: splitCommand,
  inspect: inspectCommand,
  resample: resampleCommand,
  train: trainCommand,
  calibrate: calibrateCommand,
  bundle: bundleCommand,
  compare: compareCommand,
  tune: tuneCommand,
  evaluate: evaluateCommand,
  report: reportCommand,
  predict: predictCommand,
  models: modelsCommand,
  doctor: doctorCommand,
} as const;
