/** Work that is mostly done at once, and sometimes later: awaiting what is there already costs more than a small work itself. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with what is there at once, and with what is still to come when it has come. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** `try … finally`. */
export function andFinally<T>(work: () => Awaitable<T>, last: () => void): Awaitable<T> {
  let value: Awaitable<T>;
  try {
    value = work();
  } catch (error) {
    last();
    throw error;
  }
  if (value instanceof Promise) return value.finally(last);
  last();
  return value;
}
