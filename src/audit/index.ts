/** What makes an evaluation dishonest: leaks between the parts of a split, and duplicates. */

export {
  auditLeaks,
  type Leak,
  type LeakAudit,
  type LeakAuditOptions,
  type LeakedRow,
  type SyntheticRow,
} from './audit-leaks.js';
export { findDuplicates, type DuplicateRows } from './duplicates.js';
