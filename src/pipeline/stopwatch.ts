/** What each step of a run took. */

export interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly detail?: string;
}

export interface Stopwatch {
  readonly steps: Step[];
  add(name: string, seconds: number, detail: string): void;
  time<T>(name: string, work: () => T | Promise<T>, detail?: (result: T) => string): Promise<T>;
}

export function createStopwatch(): Stopwatch {
  const steps: Step[] = [];
  return {
    steps,
    add: (name, seconds, detail) => void steps.push({ name, seconds, detail }),
    async time(name, work, detail) {
      const start = performance.now();
      const result = await work();
      steps.push({ name, seconds: (performance.now() - start) / 1000, ...(detail && { detail: detail(result) }) });
      return result;
    },
  };
}
