/** Progress is told by plain events; printing them is the caller's business. */

export interface ProgressEvent {
  /** What is being done: 'embed', 'search', 'train', … */
  readonly stage: string;
  readonly done: number;
  /** Absent when unknown. */
  readonly total?: number;
  readonly message?: string;
}

export type OnProgress = (event: ProgressEvent) => void;
