export { renderHtml } from './html.js';
export {
  describeLeaderboard,
  gapTable,
  leaderboardTable,
  recallTable,
  renderLeaderboardHtml,
  renderLeaderboardMarkdown,
  tuningTable,
} from './leaderboard.js';
export { renderMarkdown, table as markdownTable } from './markdown.js';
export { formatTable } from './text.js';
export type { Cell, Column, Table } from './table.js';
export {
  calibrationTable,
  classTable,
  exportTable,
  failuresTable,
  resamplingTable,
  scoreTable,
  stepsTable,
  strategiesTable,
  syntheticTable,
} from './tables.js';
export { describeComparison, summary } from './wording.js';
export {
  RESULT_FORMAT_VERSION,
  type Comparison,
  type ExportedModel,
  type ParentItem,
  type RunResult,
  type StrategyResult,
  type SyntheticExample,
  type TrainingHistory,
} from './result.js';
