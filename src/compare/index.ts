/** Strategies side by side, and what may be said about their differences. */

export { compare, compareOptions, type ComparedParts, type CompareOptions, type Contender } from './compare.js';
export {
  leaderboardMetrics,
  type AgainstBaseline,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
  type SeedResult,
  type Spread,
} from './leaderboard.js';
export { confidence, type Interval } from './bootstrap.js';
