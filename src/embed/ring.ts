/** A fixed number of rooms for work: whoever wants one more waits, so that it never piles up. */
export class Ring {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(rooms: number) {
    this.#free = rooms;
  }

  /** Rooms are handed out in the order in which they are asked for. */
  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free--;
    return Promise.resolve();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
