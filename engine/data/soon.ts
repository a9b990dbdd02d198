// Soon: what is mostly there at once, and now and then has to be waited for.

/**
 * Why not always a promise: each costs a turn of the microtask queue and a stack of its own, and the commit of a lone row
 * goes through a dozen such calls while its client waits. A function that returns one may throw as well as reject.
 */
export type Soon<T> = T | Promise<T>;

/** `next` of the value: now, if it is there. */
export function whenThere<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
