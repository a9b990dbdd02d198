// Functions in FROM: set-returning ones, and scalar ones as a relation of one row.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { Column } from '../../engine/data/types.ts';
import type { Expr, FunctionItem } from '../parser/ast.ts';
import type { TableCall } from '../plan/logical-plan.ts';
import { SINGLE_ROW, selectColumns, setCallsOf, width } from '../plan/make.ts';
import { attachSubqueries } from './attach.ts';
import { aliased, plainItem, siteOver } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import { settleUnknown } from './coercion.ts';
import type { Site } from './level.ts';
import { labelOf } from './location.ts';
import { Scope } from './scope.ts';
import type { ScopeColumn } from './scope.ts';

interface ItemCall {
  readonly call: TableCall;
  readonly columns: readonly Column[];
  /** One column without a name of its own: the alias names it. */
  readonly scalar: boolean;
}

export function bindFunctionItem(item: FunctionItem, site: FromSite): FromResult {
  const scope = new Scope(site.lateral);
  const inner = siteOver(site, scope, { phrase: 'functions in FROM', sets: true });
  const bound = item.calls.flatMap(unnestEach).map((c) => {
    if (c.columns.length > 0) throw notSupported('a column definition list', { position: item.position });
    return bindItemCall(c.call, inner, item.calls.length === 1 && c.call === item.calls[0].call ? item.alias?.name : undefined);
  });
  const args = bound.flatMap((b) => b.call.args);
  const attached = attachSubqueries(SINGLE_ROW, args, inner.level, (e) => e);
  let used = 0;
  const calls = bound.map(({ call }) => ({ ...call, args: call.args.map(() => attached.expressions[used++]) }));
  const columns = bound.flatMap((b) => b.columns);
  const all = item.ordinality ? [...columns, { name: 'ordinality', type: INT8 }] : columns;
  const before = width(attached.plan);
  const called = setCallsOf(attached.plan, calls, { names: all.map((c) => c.name), ordinality: item.ordinality });
  const plan = before === 0 ? called : selectColumns(called, all.map((_, i) => before + i));
  const scopeColumns = all.map((c, i): ScopeColumn => ({
    name: c.name, table: 0, attribute: 0, expression: { kind: 'column', index: i, type: c.type },
  }));
  const name = item.rowsFrom ? null : labelOf(item.calls[0].call);
  const single = bound.length === 1 && bound[0].scalar;
  return {
    plan, items: [aliased({ ...plainItem(name, scopeColumns), scalar: single && !item.ordinality }, item.alias)],
  };
}

type Call = FunctionItem['calls'][number];

/** unnest(a, b, ..) is one unnest an array, in step. */
function unnestEach(c: Call): readonly Call[] {
  const e = c.call;
  if (e.kind !== 'function' || e.name[e.name.length - 1] !== 'unnest' || e.arguments.length < 2) return [c];
  return e.arguments.map((a) => ({ ...c, call: { ...e, arguments: [a] } }));
}

function bindItemCall(e: Expr, site: Site, alias: string | undefined): ItemCall {
  const before = site.level.sets.length;
  const bound = settleUnknown(site.env, site.recurse.expression(e, site));
  const label = labelOf(e);
  const added = site.level.sets.slice(before);
  if (added.length > 1) {
    throw new DatabaseError('0A000', 'set-returning functions must appear at top level of FROM', { position: e.position });
  }
  if (added.length === 1 && bound.kind === 'parameter' && bound.index === added[0].hole.index) {
    return setCall(added[0].call, alias ?? label);
  }
  if (added.length === 1) {
    throw new DatabaseError('0A000', 'set-returning functions must appear at top level of FROM', { position: e.position });
  }
  const { type } = bound;
  const columns = [{ name: alias ?? label, type }];
  return { call: { function: null, args: [bound], types: [type] }, columns, scalar: true };
}

function setCall(call: TableCall, name: string): ItemCall {
  const declared = call.function?.columns;
  const [type] = call.types;
  if (declared?.length === 1) return { call, columns: [{ name: declared[0].name, type }], scalar: true };
  if (type.kind === 'record' && type.fields.length > 0) {
    return { call: { ...call, types: type.fields.map((f) => f.type) }, columns: type.fields, scalar: false };
  }
  return { call, columns: [{ name, type }], scalar: true };
}
