// FILTER, OVER and Flink's windows in FROM: read from the tokens alone, the expressions in them by the grammar.
import type {
  Argument, Expr, FrameBound, SortKey, TableItem, WindowFrame, WindowFunction, WindowItem, WindowSpecification,
} from './ast.ts';
import type { Foreign } from './foreign-expression.ts';

export interface Suffix {
  readonly filter: Expr | undefined;
  readonly over: WindowSpecification | undefined;
}

/** The end of the part at the cursor: one of the words, or a comma if wanted, outside brackets; else `end`. */
function partEnd(foreign: Foreign, end: number, stops: readonly string[]): number {
  const { cursor } = foreign;
  for (let i = cursor.at; i < end; i++) {
    const token = cursor.tokens[i];
    if (token === undefined) break;
    if (token.partner > i) i = token.partner;
    else if (token.kind !== 'string' && token.kind !== 'quoted' && stops.includes(token.value)) return i;
  }
  return end;
}

function only(foreign: Foreign, to: number): Expr {
  const [found, second] = foreign.list(foreign.cursor.at, to);
  if (found === undefined || second !== undefined) throw foreign.cursor.mismatch();
  return found;
}

/** Behind a call. */
export function readSuffix(foreign: Foreign): Suffix {
  const { cursor } = foreign;
  let filter: Expr | undefined;
  let over: WindowSpecification | undefined;
  if (cursor.is('filter', '(', 'where')) {
    const close = cursor.peek(1)?.partner ?? -1;
    cursor.at += 3;
    filter = only(foreign, close);
    cursor.take(')');
  }
  if (cursor.takeIf('over')) {
    const position = cursor.position();
    over = cursor.is('(') ? windowSpecification(foreign, undefined) : {
      name: cursor.name(), base: undefined, partitionBy: [], orderBy: [], frame: undefined, position,
    };
  }
  return { filter, over };
}

/** ( [PARTITION BY ..] [ORDER BY ..] [frame] ) */
export function windowSpecification(foreign: Foreign, name: string | undefined): WindowSpecification {
  const { cursor } = foreign;
  const position = cursor.position();
  const close = cursor.peek()?.partner ?? -1;
  cursor.take('(');
  const frameWords = ['rows', 'range', 'groups'];
  let partitionBy: readonly Expr[] = [];
  if (cursor.takeIf('partition', 'by')) {
    partitionBy = foreign.list(cursor.at, partEnd(foreign, close, ['order', ...frameWords]));
  }
  const orderBy: SortKey[] = [];
  if (cursor.takeIf('order', 'by')) {
    const end = partEnd(foreign, close, frameWords);
    do {
      const to = partEnd(foreign, end, [',', 'asc', 'desc', 'nulls']);
      orderBy.push(sortTail(only(foreign, to), foreign));
    } while (cursor.takeIf(','));
  }
  const frame = cursor.at < close ? readFrame(foreign) : undefined;
  cursor.take(')');
  return { name, base: undefined, partitionBy, orderBy, frame, position };
}

/** [ASC | DESC] [NULLS ..] behind what is sorted; where NULL goes is said when dialects differ. */
export function sortTail(sorted: Expr, foreign: Foreign): SortKey {
  const { cursor } = foreign;
  const direction = cursor.takeIf('asc') ? 'asc' : cursor.takeIf('desc') ? 'desc' : 'default';
  let nulls: SortKey['nulls'] = 'default';
  if (cursor.takeIf('nulls', 'first')) nulls = 'first';
  else if (cursor.takeIf('nulls', 'last')) nulls = 'last';
  else if (cursor.dialect.nullsLow) nulls = direction === 'desc' ? 'last' : 'first';
  return { expression: sorted, direction, nulls, using: undefined, position: sorted.position };
}

function readFrame(foreign: Foreign): WindowFrame {
  const { cursor } = foreign;
  const mode = (['rows', 'range', 'groups'] as const).find((word) => cursor.takeIf(word));
  if (mode === undefined) throw cursor.mismatch();
  if (!cursor.takeIf('between')) {
    return { mode, start: bound(foreign), end: { kind: 'currentRow' }, exclusion: 'none' };
  }
  const start = bound(foreign);
  cursor.take('and');
  return { mode, start, end: bound(foreign), exclusion: 'none', between: true };
}

function bound(foreign: Foreign): FrameBound {
  const { cursor } = foreign;
  if (cursor.takeIf('current', 'row')) return { kind: 'currentRow' };
  if (cursor.takeIf('unbounded', 'preceding')) return { kind: 'unboundedPreceding' };
  if (cursor.takeIf('unbounded', 'following')) return { kind: 'unboundedFollowing' };
  const offset = only(foreign, partEnd(foreign, cursor.end, ['preceding', 'following']));
  if (cursor.takeIf('preceding')) return { kind: 'preceding', offset };
  cursor.take('following');
  return { kind: 'following', offset };
}

const WINDOWS = ['tumble', 'hop', 'cumulate', 'session'] as const;

/** TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL ..)). */
export function readWindow(foreign: Foreign): Omit<WindowItem, 'alias'> {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('table', '(');
  const window: WindowFunction | undefined = WINDOWS.find((name) => cursor.takeIf(name));
  const close = cursor.peek()?.partner ?? -1;
  cursor.take('(');
  if (window === undefined) throw cursor.mismatch();
  cursor.take('table');
  const relation = cursor.relation();
  const input: TableItem = {
    kind: 'table', relation, only: false, alias: undefined, asOf: undefined, position: relation.position,
  };
  const keys = cursor.takeIf('partition', 'by') ? keysOf(foreign, close) : [];
  cursor.take(',', 'descriptor', '(');
  const time = only(foreign, partEnd(foreign, close, [')']));
  cursor.take(')');
  const values: Argument[] = [];
  while (cursor.takeIf(',')) {
    const value = only(foreign, partEnd(foreign, close, [',']));
    values.push({ name: undefined, value, position: value.position });
  }
  cursor.take(')', ')');
  return { kind: 'window', window, input, time, keys, arguments: values, lateral: false, position };
}

function keysOf(foreign: Foreign, close: number): readonly Expr[] {
  const { cursor } = foreign;
  if (!cursor.takeIf('(')) return [only(foreign, partEnd(foreign, close, [',']))];
  const keys = foreign.list(cursor.at, partEnd(foreign, close, [')']));
  cursor.take(')');
  return keys;
}
