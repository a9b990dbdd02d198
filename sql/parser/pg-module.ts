// The instances of PostgreSQL's grammar in WebAssembly: loads them, calls them, replaces one that has overflowed.
import createInstance from 'libpg-query/wasm/libpg-query.js';
import type { PgQueryInstance } from 'libpg-query/wasm/libpg-query.js';
import type { ParseResult } from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';

/** The one in use, then spares. An instance whose stack overflowed is beyond repair: its stack pointer is lost. */
const instances: PgQueryInstance[] = [];
let loading: Promise<void> | undefined;

/** Must have resolved before the first parse. */
export async function loadGrammar(): Promise<void> {
  loading ??= fill();
  await loading;
}

async function fill(): Promise<void> {
  while (instances.length < 2) instances.push(await createInstance());
}

export function stackDepthExceeded(cause?: unknown): DatabaseError {
  const hint = 'Increase the configuration parameter "max_stack_depth" (currently 2048kB), '
    + "after ensuring the platform's stack depth limit is adequate.";
  return new DatabaseError('54001', 'stack depth limit exceeded', { hint, cause });
}

/** What the grammar did not accept: `offset` counts characters from 0 and is undefined where there is none. */
export class GrammarError extends Error {
  readonly offset: number | undefined;

  constructor(message: string, offset: number | undefined) {
    super(message);
    this.offset = offset;
  }
}

/** Throws GrammarError, or DatabaseError 54001. */
export function parseTree(text: string): ParseResult {
  const instance = instances[0];
  if (instance === undefined) throw new AssertionError('loadParser() has not resolved');
  try {
    return call(instance, text);
  } catch (error) {
    if (error instanceof Error && (error instanceof RangeError || error.name === 'RuntimeError')) {
      replace(instance);
      throw stackDepthExceeded(error);
    }
    throw error;
  }
}

function replace(broken: PgQueryInstance): void {
  const at = instances.indexOf(broken);
  if (at >= 0) instances.splice(at, 1);
  loading = fill();
  // Whoever waits in loadGrammar sees the failure; without a spare the next parse says so itself.
  loading.catch(() => undefined);
}

/** The result struct is {tree, stderr, error}; the error struct {message, function, file, line, cursor}. */
function call(instance: PgQueryInstance, text: string): ParseResult {
  const capacity = instance.lengthBytesUTF8(text) + 1;
  const input = instance._malloc(capacity);
  let result = 0;
  try {
    instance.stringToUTF8(text, input, capacity);
    result = instance._wasm_parse_query_raw(input);
    const error = instance.getValue(result + 8, 'i32');
    if (error !== 0) {
      const message = instance.UTF8ToString(instance.getValue(error, 'i32'));
      const cursor = instance.getValue(error + 16, 'i32');
      throw new GrammarError(message, cursor > 0 ? cursor - 1 : undefined);
    }
    return JSON.parse(instance.UTF8ToString(instance.getValue(result, 'i32'))) as ParseResult;
  } finally {
    instance._free(input);
    if (result !== 0) instance._wasm_free_parse_result(result);
  }
}
