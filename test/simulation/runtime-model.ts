// The runtime's workload as a model: which tables and views there are, and what they hold after given transactions.
import { NULL, rowSet } from './fingerprint.ts';
import type { RowSet } from './fingerprint.ts';
import type { Entry } from '../support/runtime-database.ts';

export const LOG = 1;
export const ACCOUNT = 2;
export const LOAD = 3;
export const SOURCE = 4;
export const SERIES = 5;
const VIEWS = { total: 10, byKey: 11, kinds: 12, joined: 13, arrived: 14 } as const;
/** Tables that come and go have ids from here on, and their view the next one. */
export const FIRST_DYNAMIC = 100;
export const ACCOUNTS = 10;
/** µs. */
export const RETENTION = 1_000_000;

export const SCHEMA: readonly Entry[] = [
  { op: 'table', id: LOG, name: 'log', columns: [['kind', 'int8'], ['number', 'int8']], unique: [1] },
  { op: 'table', id: ACCOUNT, name: 'account', columns: [['id', 'int8'], ['balance', 'int8']], primary: [0] },
  { op: 'table', id: LOAD, name: 'load', columns: [['k', 'int8'], ['v', 'int8']] },
  { op: 'table', id: SOURCE, name: 'source', kind: 'source', columns: [['n', 'int8'], ['v', 'int8']] },
  { op: 'table', id: SERIES, name: 'series', columns: [['at', 'timestamp'], ['n', 'int8']], eventTime: 0, retention: RETENTION },
  { op: 'view', id: VIEWS.total, name: 'total', query: 'total', over: [ACCOUNT] },
  { op: 'view', id: VIEWS.byKey, name: 'by_key', query: 'sum', over: [LOAD] },
  { op: 'view', id: VIEWS.kinds, name: 'kinds', query: 'count', over: [LOG] },
  { op: 'view', id: VIEWS.joined, name: 'joined', query: 'join', over: [ACCOUNT, SOURCE] },
  { op: 'view', id: VIEWS.arrived, name: 'arrived', query: 'total', over: [SOURCE] },
];

export interface DynamicTable {
  readonly rows: Map<number, number>;
  readonly view: boolean;
}

export interface RuntimeModel {
  /** The schema and the accounts are there. */
  made: boolean;
  /** Numbers of transactions by kind. */
  readonly log: Map<number, number>;
  readonly accounts: Map<number, number>;
  /** Rows by key; they hold 0, 1, 2, ... */
  readonly loads: Map<number, number>;
  /** Rows 1 to this have come from the source. */
  offset: number;
  /** Times. */
  readonly series: number[];
  readonly tables: Map<number, DynamicTable>;
}

export function emptyModel(): RuntimeModel {
  return { made: false, log: new Map(), accounts: new Map(), loads: new Map(), offset: 0, series: [], tables: new Map() };
}

export function cloneModel(model: RuntimeModel): RuntimeModel {
  return {
    made: model.made, log: new Map(model.log), accounts: new Map(model.accounts), loads: new Map(model.loads),
    offset: model.offset, series: [...model.series],
    tables: new Map([...model.tables].map(([id, { rows, view }]) => [id, { rows: new Map(rows), view }])),
  };
}

export const valueOf = (n: number): number => (n * 7919) % 101;

/** Rows 0 .. n-1 summed. */
const triangle = (n: number): number => (n * (n - 1)) / 2;

/** The rows of every table and view. */
export function expectedRows(model: RuntimeModel): ReadonlyMap<number, RowSet> {
  const out = new Map<number, RowSet>();
  if (!model.made) return out;
  const set = (id: number, width: number, rows: () => Iterable<readonly number[]>): void => void out.set(id, rowSet(width, rows));
  const total = (id: number, rows: readonly number[]): void =>
    set(id, 2, () => [[rows.length, rows.length === 0 ? NULL : rows.reduce((a, b) => a + b, 0)]]);
  set(LOG, 2, () => [...model.log].map(([number, kind]) => [kind, number]));
  set(ACCOUNT, 2, () => model.accounts);
  set(LOAD, 2, function* rows() {
    for (const [k, n] of model.loads) for (let v = 0; v < n; v++) yield [k, v];
  });
  const arrived = Array.from({ length: model.offset }, (_, i) => [(i + 1) % ACCOUNTS, valueOf(i + 1) + (i + 1) * 1000] as const);
  set(SOURCE, 2, () => arrived);
  const newest = model.series.reduce((a, b) => Math.max(a, b), 0);
  set(SERIES, 2, () => model.series.flatMap((at, i) => (at >= newest - RETENTION ? [[at, i]] : [])));
  total(VIEWS.total, [...model.accounts.values()]);
  set(VIEWS.byKey, 3, () => [...model.loads].map(([k, n]) => [k, n, triangle(n)]));
  const kinds = new Map<number, number>();
  for (const kind of model.log.values()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  set(VIEWS.kinds, 2, () => kinds);
  set(VIEWS.joined, 4, () => arrived.flatMap(([id, v]) => {
    const balance = model.accounts.get(id);
    return balance === undefined ? [] : [[id, balance, id, v]];
  }));
  total(VIEWS.arrived, arrived.map(([, v]) => v));
  for (const [id, { rows, view }] of model.tables) {
    set(id, 2, () => rows);
    if (view) total(id + 1, [...rows.values()]);
  }
  return out;
}
