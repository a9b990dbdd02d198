// Functions in FROM: set-returning ones, and scalar ones as a relation of one row.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType, oidOf } from '../../engine/data/type-info.ts';
import { INT8, baseType } from '../../engine/data/types.ts';
import type { Column, LogicalType, RecordType } from '../../engine/data/types.ts';
import { EXPAND, rowsOfType, spreadRows } from '../../engine/function/define.ts';
import type { TableFunction } from '../../engine/function/function.ts';
import type { ColumnDefinition, FunctionItem } from '../parser/ast.ts';
import type { TableCall } from '../plan/logical-plan.ts';
import { SINGLE_ROW, selectColumns, setCallsOf, width } from '../plan/make.ts';
import { attachSubqueries } from './attach.ts';
import { aliased, plainItem, siteOver } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import { clauseCollation } from './bind-collate.ts';
import { settleUnknown } from './coercion.ts';
import { outputCollation, storedCollation } from './collation.ts';
import { checked, checkedRows } from './domain-check.ts';
import { spreadFields } from './environment.ts';
import type { Site } from './level.ts';
import { labelOf } from './location.ts';
import { Scope } from './scope.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';
import { resolveTypeName } from './type-name.ts';

interface ItemCall {
  readonly call: TableCall;
  readonly columns: readonly Column[];
  /** Of the only column of a scalar one. */
  readonly collation: Pick<ScopeColumn, 'collation'>;
  /** How many of the columns were there when the view was made that is bound. */
  readonly shown: number;
  /** OID of the row type whose fields the columns are. */
  readonly rowType?: number | undefined;
  /** One column without a name of its own: the alias names it. */
  readonly scalar: boolean;
  /** What its rows are as one value, where that has a name. */
  readonly row: ScopeItem['rowType'];
}

const ORDINALITY = { name: 'ordinality', type: INT8, collation: {}, younger: false, field: undefined };

export function bindFunctionItem(item: FunctionItem, site: FromSite): FromResult {
  const scope = new Scope(site.lateral);
  const inner = siteOver(site, scope, { phrase: 'functions in FROM', sets: 'apart' });
  const bound = item.calls.flatMap(unnestEach).map((c) => {
    const own = item.calls.length === 1 && c.call === item.calls[0].call;
    return bindItemCall(c, inner, own ? item.alias?.name : undefined);
  });
  const args = bound.flatMap((b) => b.call.args);
  const attached = attachSubqueries(SINGLE_ROW, args, inner.level, (e) => e);
  let used = 0;
  const calls = bound.map(({ call }) => ({ ...call, args: call.args.map(() => attached.expressions[used++]) }));
  const columns = bound.flatMap((b) => b.columns.map((c, i) => ({
    name: c.name, type: c.type, collation: b.scalar ? b.collation : storedCollation(c),
    younger: i >= b.shown, field: b.rowType === undefined ? undefined : { rowType: b.rowType, name: c.name },
  })));
  const all = item.ordinality ? [...columns, ORDINALITY] : columns;
  const before = width(attached.plan);
  const called = setCallsOf(attached.plan, calls, { names: all.map((c) => c.name), ordinality: item.ordinality });
  const plan = before === 0 ? called : selectColumns(called, all.map((_, i) => before + i));
  const scopeColumns = all.map(({ name, type, collation, younger, field }, i): ScopeColumn => ({
    name, table: 0, attribute: 0, expression: { kind: 'column', index: i, type }, field, ...collation,
    ...younger ? { younger } : {},
  }));
  const name = item.rowsFrom ? null : labelOf(item.calls[0].call);
  const only = bound.length === 1 && !item.ordinality ? bound[0] : null;
  return {
    plan, items: [aliased({
      ...plainItem(name, scopeColumns.filter((c) => !c.younger)), hidden: scopeColumns.filter((c) => c.younger),
      scalar: only?.scalar ?? false, rowType: only?.row ?? null,
    }, item.alias)],
  };
}

type Call = FunctionItem['calls'][number];

/** unnest(a, b, ..) is one unnest an array, in step. */
function unnestEach(c: Call): readonly Call[] {
  const e = c.call;
  if (e.kind !== 'function' || e.name[e.name.length - 1] !== 'unnest' || e.arguments.length < 2) return [c];
  return e.arguments.map((a) => ({ ...c, call: { ...e, arguments: [a] } }));
}

function bindItemCall({ call: e, columns: definitions }: Call, site: Site, alias: string | undefined): ItemCall {
  const before = site.level.sets.length;
  const bound = settleUnknown(site.env, site.recurse.expression(e, site));
  site.env.trace?.calls.set(e, bound);
  const label = labelOf(e);
  const added = site.level.sets.slice(before);
  const isSet = added.length === 1 && bound.kind === 'parameter' && bound.index === added[0].hole.index;
  if (added.length > 0 && !isSet) {
    throw new DatabaseError('0A000', 'set-returning functions must appear at top level of FROM', { position: added[0].position });
  }
  const given = isSet ? added[0].call.types[0] : bound.type;
  const plain = baseType(given).kind === 'record' ? baseType(given) : given;
  const type = rowTypeOf(plain, isSet ? added[0].call.function : null, {
    definitions, site, position: e.position,
  });
  const whole = namedRow(given);
  const collation = outputCollation(bound);
  const set = (call: TableCall): ItemCall => {
    const made = { ...setCall(call, type, alias ?? label, site), collation, row: whole };
    if (type.kind !== 'record' || made.columns !== type.fields) return { ...made, shown: made.columns.length };
    return { ...made, shown: spreadFields(site.env, type).length, rowType: type.oid };
  };
  if (isSet) return set(added[0].call);
  if (type.kind === 'record' && type.fields.length > 0) {
    const row = bound.type === type ? bound : checked(site, { ...bound, type });
    return set({ function: rowsOfType(EXPAND, type), args: [row], types: [type] });
  }
  const columns = [{ name: alias ?? label, type }];
  return { call: { function: null, args: [bound], types: [type] }, columns, collation, scalar: true, row: whole, shown: 1 };
}

function namedRow(type: LogicalType): ItemCall['row'] {
  const base = baseType(type);
  if (base.kind !== 'record' || base.oid === undefined) return null;
  return type.kind === 'domain' ? type : base;
}

interface Definitions {
  readonly definitions: readonly ColumnDefinition[];
  readonly site: Site;
  readonly position: number | undefined;
}

/** What the call's rows are: of an anonymous record the column definition list says it, of anything else it may not. */
function rowTypeOf(type: LogicalType, set: TableFunction | null, { definitions, site, position }: Definitions): LogicalType {
  const anonymous = type.kind === 'record' && type.oid === undefined
    && (set === null || set.fields === true || (set.columns === undefined && definitions.length > 0));
  if (definitions.length === 0) {
    if (!anonymous) return type;
    throw new DatabaseError('42601', 'a column definition list is required for functions returning "record"', { position });
  }
  if (!anonymous) {
    const message = type.kind !== 'record' ? 'a column definition list is only allowed for functions returning "record"'
      : `a column definition list is redundant for a function ${
        type.oid === undefined ? 'with OUT parameters' : 'returning a named composite type'}`;
    throw new DatabaseError('42601', message, { position: definitions[0].position });
  }
  const names = new Set<string>();
  const wanted: RecordType = {
    kind: 'record',
    fields: definitions.map((definition) => {
      const { name, type: written, position: at } = definition;
      if (names.has(name)) throw new DatabaseError('42701', `column name "${name}" specified more than once`, { position: at });
      names.add(name);
      const type = resolveTypeName(site.env, written);
      const column = { name, type, ...clauseCollation(definition.collation?.name, type, definition.collation?.position) };
      site.env.trace?.definitions.set(definition, column);
      return column;
    }),
  };
  if (type.fields.length === 0) return wanted;
  requireSameRow(type, wanted);
  return { ...wanted, fields: wanted.fields.map((f, i) => (isAnonymous(f.type) ? { ...f, type: type.fields[i].type } : f)) };
}

/** record, record[]: what their rows have, only the value says. */
function isAnonymous(type: LogicalType): boolean {
  return type.kind === 'array' ? isAnonymous(type.element) : type.kind === 'record' && type.oid === undefined;
}

/** 42804 when the rows are known to be others than the list says. */
function requireSameRow(type: RecordType, wanted: RecordType): void {
  const mismatch = (detail: string): DatabaseError => new DatabaseError('42804',
    'function return row and query-specified return row do not match', { detail });
  const count = type.fields.length;
  if (count !== wanted.fields.length) {
    throw mismatch(`Returned row contains ${count} attribute${count === 1 ? '' : 's'}, but query expects `
      + `${wanted.fields.length}.`);
  }
  for (const [i, { type: expected }] of wanted.fields.entries()) {
    const returned = type.fields[i].type;
    if (oidOf(returned) === oidOf(expected)) continue;
    throw mismatch(`Returned type ${mentionType(returned)} at ordinal position ${i + 1}, but query expects `
      + `${mentionType(expected)}.`);
  }
}

function setCall(given: TableCall, type: LogicalType, name: string, site: Site): Pick<ItemCall, 'call' | 'columns' | 'scalar'> {
  const call = given.function?.fields === true && given.types[0] !== type
    ? { ...given, function: checkedRows(site, given.function, type) } : given;
  const declared = call.function?.columns;
  if (call.function?.fields === true && type.kind === 'record') {
    const types = type.fields.map((f) => f.type);
    return { call: { ...call, function: rowsOfType(call.function, type), types }, columns: type.fields, scalar: false };
  }
  if (declared?.length === 1) return { call, columns: [{ name: declared[0].name, type }], scalar: true };
  if (type.kind === 'record' && type.fields.length > 0) {
    const types = type.fields.map((f) => f.type);
    const spread = call.function === null || declared !== undefined ? call.function : spreadRows(call.function, type);
    return { call: { ...call, function: spread, types }, columns: type.fields, scalar: false };
  }
  return { call, columns: [{ name, type }], scalar: true };
}
