// Flink's older spelling of windows: TUMBLE, HOP and SESSION in GROUP BY, and TUMBLE_START and its kin for their bounds.
// Such a query means the same as one over the window in FROM, grouped by its bounds.
import type { Expr, FromItem, GroupItem, Select, SubqueryItem, TableItem, WindowItem } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';

const WINDOWS = ['tumble', 'hop', 'session'] as const;
const NAME = /^(tumble|hop|session)(?:_(start|end|rowtime))?$/;

type Call = Expr & { readonly kind: 'function' };

/** Is it a function of theirs that only a grouped query can have? */
export function isGroupWindow(name: string): boolean {
  return NAME.test(name);
}

function isCall(value: object): value is Call {
  return 'kind' in value && value.kind === 'function' && 'name' in value && Array.isArray(value.name)
    && value.name.length === 1 && isGroupWindow(String(value.name[0]));
}

/** The first such call in a tree. */
function findCall(tree: unknown): Call | undefined {
  if (typeof tree !== 'object' || tree === null) return undefined;
  if (isCall(tree)) return tree;
  for (const part of Object.values(tree)) {
    const found = findCall(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The query over a window in FROM. 0A000 for such a function in any other place. */
export function withGroupWindow(select: Select, cursor: Cursor): Select {
  const grouped = select.groupBy.flatMap((item) => (
    item.kind === 'expression' && isCall(item.expression) ? [item.expression] : []));
  const [call, second] = grouped;
  if (call === undefined) {
    const left = findCall(select);
    if (left !== undefined) throw cursor.refuse(`function ${left.name.join('.')}()`, left.position);
    return select;
  }
  if (second !== undefined) throw cursor.refuse('a second window in GROUP BY', second.position);
  const item = windowItem(call, select, cursor);
  const replaced = new Rewriter(call, item.alias?.name ?? '', cursor);
  const groupBy = select.groupBy.flatMap((g): readonly GroupItem[] => (
    g.kind === 'expression' && g.expression === call ? replaced.bounds() : [g]));
  const out: Select = {
    ...select, from: [item], groupBy, where: item.input === select.from[0] ? select.where : undefined,
    targets: select.targets.map((t) => ({ ...t, expression: replaced.map(t.expression) })),
    having: select.having === undefined ? undefined : replaced.map(select.having),
  };
  const left = findCall(out);
  if (left !== undefined) throw cursor.refuse(`function ${left.name.join('.')}() here`, left.position);
  return out;
}

function windowItem(call: Call, select: Select, cursor: Cursor): WindowItem {
  const window = WINDOWS.find((name) => name === call.name[0]);
  const [item, other] = select.from;
  const [time, ...values] = call.arguments;
  if (window === undefined || time === undefined || values.length === 0) {
    throw cursor.refuse(`function ${call.name.join('.')}() in GROUP BY`, call.position);
  }
  if (other !== undefined || (item?.kind !== 'table' && item?.kind !== 'subquery')) {
    throw cursor.refuse('a window in GROUP BY over more than one table', call.position);
  }
  const name = item.alias?.name ?? (item.kind === 'table' ? item.relation.name : undefined);
  if (name === undefined || (item.alias?.columns.length ?? 0) > 0) {
    throw cursor.refuse('a window in GROUP BY over an item of FROM without a plain name', call.position);
  }
  const keys = window !== 'session' ? [] : select.groupBy.flatMap((g) => {
    if (g.kind !== 'expression') throw cursor.refuse('SESSION beside grouping sets', call.position);
    return g.expression === call ? [] : [g.expression];
  });
  return {
    kind: 'window', window, time: time.value, keys, arguments: values, lateral: false, position: item.position,
    alias: { name, columns: [] },
    input: window === 'session' && select.where !== undefined ? filtered(item, name, select.where) : item,
  };
}

/** Sessions are of the rows that fulfil the condition. */
function filtered(item: TableItem | SubqueryItem, name: string, where: Expr): SubqueryItem {
  const { position } = item;
  const from: readonly FromItem[] = [item];
  const star: Expr = { kind: 'star', qualifier: [], exclude: [], position };
  return {
    kind: 'subquery', lateral: false, alias: { name, columns: [] }, position, query: {
      kind: 'query', with: undefined, orderBy: [], limit: undefined, offset: undefined, withTies: false, locking: [],
      range: undefined, position, body: {
        kind: 'select', distinct: undefined, targets: [{ expression: star, alias: undefined, position }], from, where,
        groupBy: [], groupDistinct: false, groupByAll: false, having: undefined, windows: [], qualify: undefined,
        into: undefined, position,
      },
    },
  };
}

/** Puts columns of the window in the place of calls for its bounds. */
class Rewriter {
  readonly #call: Call;
  readonly #alias: string;
  readonly #cursor: Cursor;

  constructor(call: Call, alias: string, cursor: Cursor) {
    this.#call = call;
    this.#alias = alias;
    this.#cursor = cursor;
  }

  #column(name: string): Expr {
    return { kind: 'column', name: [this.#alias, name], position: this.#call.position };
  }

  bounds(): readonly GroupItem[] {
    return ['window_start', 'window_end'].map((name) => ({ kind: 'expression', expression: this.#column(name) }));
  }

  map(e: Expr): Expr {
    return this.#mapped(e);
  }

  #mapped<T>(tree: T): T;
  #mapped(tree: unknown): unknown {
    if (typeof tree !== 'object' || tree === null) return tree;
    if (isCall(tree)) return this.#bound(tree);
    if (Array.isArray(tree)) return tree.map((part: unknown) => this.#mapped(part));
    return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, this.#mapped(part)]));
  }

  #bound(call: Call): Expr {
    const [, window, bound] = NAME.exec(call.name[0]) ?? [];
    const same = window === this.#call.name[0] && withoutPositions(call.arguments) === withoutPositions(this.#call.arguments);
    if (!same || bound === undefined) {
      throw this.#cursor.refuse(`function ${call.name.join('.')}() of a window that is not in GROUP BY`, call.position);
    }
    if (bound === 'start') return this.#column('window_start');
    const end = this.#column('window_end');
    // The last moment that is in the window: their times have milliseconds.
    return bound === 'end' ? end : {
      kind: 'binary', operator: '-', schema: undefined, left: end, position: call.position,
      right: {
        kind: 'cast', operand: { kind: 'string', value: '1 millisecond', position: call.position }, position: call.position,
        type: {
          name: ['pg_catalog', 'interval'], modifiers: [], arrayDimensions: 0, setOf: false, ofColumn: false,
          position: call.position,
        },
      },
    };
  }
}

function withoutPositions(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) => (key === 'position' ? undefined : value));
}
