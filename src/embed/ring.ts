/** A fixed number of rooms for batches: whoever wants one more waits, so that work never piles up. */

export interface Room {
  /** Memory of the batch before, to be used again; none at first. */
  memory: Float32Array | undefined;
}

export class Ring {
  readonly #free: Room[];
  readonly #waiting: ((room: Room) => void)[] = [];

  constructor(rooms: number) {
    this.#free = Array.from({ length: rooms }, () => ({ memory: undefined }));
  }

  /** Rooms are handed out in the order in which they are asked for. */
  take(): Promise<Room> {
    const room = this.#free.pop();
    return room ? Promise.resolve(room) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(room: Room): void {
    const next = this.#waiting.shift();
    if (next) next(room);
    else this.#free.push(room);
  }
}
