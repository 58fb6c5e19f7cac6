export { drawLongTailedSet, longTailCounts, type DrawnSet, type DrawOptions } from './drawn-set.js';
