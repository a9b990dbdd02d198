// Violation: a promise that was not kept, as opposed to an error that was promised.
export class Violation extends Error {}
