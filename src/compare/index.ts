/** Strategies side by side, and what may be said about their differences. */

export { compare } from './compare.js';
export { compareOptions, type CompareOptions, type SharedTraining } from './options.js';
export { standardBaselines, type Contender } from './contenders.js';
export type { ComparedParts } from './parts.js';
export {
  decidingMetric,
  decidingWords,
  leaderboardMetrics,
  LEADERBOARD_FORMAT_VERSION,
  type AgainstBaseline,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
  type SeedResult,
  type Spread,
} from './leaderboard.js';
export { planBehind, type ClassGaps, type TrainedGap } from './trained-rows.js';
export { confidence, type Bounds, type Interval } from './bootstrap.js';
export { tune, tuneOptions, type Trial, type TuneOptions, type Tuning } from './tune.js';
export type { Point, Range, Space } from './space.js';
