// What a domain demands of its values, in casts and columns: also where it is inside of arrays and rows.
import { datumAt, vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { asArray, asRecord } from '../../engine/data/composite.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { quoteIdentifier } from '../../engine/data/type-info.ts';
import { mentioned } from '../../engine/data/type-mention.ts';
import { baseType } from '../../engine/data/types.ts';
import type { DomainType, LogicalType } from '../../engine/data/types.ts';
import { isValid } from '../../engine/data/vector.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { boolVector } from '../../engine/expression/compiled.ts';
import type { CompiledExpression } from '../../engine/expression/compiled.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { scalar } from '../../engine/function/define.ts';
import type { TableFunction } from '../../engine/function/function.ts';
import { rangesOf } from '../../engine/function/scalar/range-operators.ts';
import { DOMAIN_CHECK } from '../plan/deparse.ts';
import { parseExpression } from '../parser/parse.ts';
import type { DomainDefinition } from '../catalog/entry.ts';
import { coerceBoolean } from './coercion.ts';
import { Level } from './level.ts';
import type { Site } from './level.ts';
import { Scope } from './scope.ts';

/** A value must not make it false; `compiled` reads VALUE from the first column. */
export interface DomainCheck {
  readonly compiled: CompiledExpression;
  readonly error: () => DatabaseError;
}

interface Named {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
}

/** In the order they are applied: those of the domain it is over, NOT NULL, its own. `site`: any of the statement's. */
export function domainChecks(site: Site, type: DomainType, outer?: Named): readonly DomainCheck[] {
  const entry = site.env.catalog.get(type.oid);
  if (entry?.kind !== 'type' || entry.definition.kind !== 'domain') return [];
  const { base } = entry.definition;
  return [
    ...(base.kind === 'domain' ? domainChecks(site, base, outer ?? entry) : []),
    ...ownChecks(site, entry.definition, outer ?? entry),
  ];
}

/** Those of a definition alone. `outer`: the domain that messages speak of. */
export function ownChecks(
  site: Site, { base, notNull, checks }: Pick<DomainDefinition, 'base' | 'notNull' | 'checks'>,
  { oid, name: domain, schema }: Named,
): readonly DomainCheck[] {
  const shown = mentioned(oid, quoteIdentifier(domain));
  const compile = (text: string): CompiledExpression => compileExpression(predicate(site, text, base));
  return [
    ...(!notNull ? [] : [{
      compiled: compile('value IS NOT NULL'),
      error: () => new DatabaseError('23502', `domain ${shown} does not allow null values`,
        { dataType: domain, schema }),
    }]),
    ...checks.map(({ name, expression }) => ({
      compiled: compile(expression),
      error: () => new DatabaseError('23514', `value for domain ${shown} violates check constraint "${name}"`,
        { dataType: domain, constraint: name, schema }),
    })),
  ];
}

function predicate(site: Site, text: string, base: LogicalType): Expression {
  const inner = valueSite(site, base);
  return coerceBoolean(site.env, site.recurse.expression(parseExpression(text), inner), 'CHECK', undefined);
}

/** Where VALUE is the first column. */
export function valueSite(site: Site, base: LogicalType): Site {
  const scope = new Scope(null, [{
    name: null, hidden: [], relationVisible: true, columnsVisible: true, rowType: null, scalar: false, relation: 0, schema: null,
    columns: [{ name: 'value', table: 0, attribute: 1, expression: { kind: 'column', index: 0, type: base } }],
  }]);
  const level = new Level(scope);
  scope.level = level;
  return {
    ...site, scope, level, clause: { phrase: 'check constraints', noSubquery: 'check constraint' }, commonTables: null,
    windows: new Map(),
  };
}

export interface Failure {
  readonly row: number;
  readonly error: () => DatabaseError;
}

/** Checks of what stands at a place inside a value: a field by its number, each element of an array, bounds of ranges. */
export interface Demand {
  readonly path: readonly (number | 'elements' | 'bounds')[];
  readonly checks: readonly DomainCheck[];
  /** Of what is checked. */
  readonly type: LogicalType;
}

/** The first row with a value, or a value with a part, that fails, and the first check it fails; null: all is well. */
export function firstFailure(demands: readonly Demand[], vector: Vector, context: EvalContext): Failure | null {
  let found: Failure | null = null;
  for (const demand of demands) {
    const { values, rows } = demand.path.length === 0 ? { values: vector, rows: null } : valuesAt(vector, demand);
    for (const { compiled, error } of demand.checks) {
      const result = boolVector(compiled.evaluate(new Batch([values], values.length), context));
      for (let i = 0; i < values.length; i++) {
        if (!isValid(result.validity, i) || result.values[i] !== 0) continue;
        const row = rows === null ? i : rows[i];
        if (found === null || row < found.row) found = { row, error };
        break;
      }
    }
  }
  return found;
}

/** What stands at the place in all values, and in whose. */
function valuesAt(vector: Vector, { path, type }: Demand): { readonly values: Vector; readonly rows: readonly number[] } {
  const parts: Datum[] = [];
  const rows: number[] = [];
  const walk = (datum: Datum, level: number, row: number): void => {
    if (level === path.length) {
      parts.push(datum);
      rows.push(row);
      return;
    }
    if (datum === null) return;
    const step = path[level];
    if (step === 'elements') for (const element of asArray(datum).values) walk(element, level + 1, row);
    else if (step === 'bounds') for (const bound of boundsOf(datum)) walk(bound, level + 1, row);
    else walk(asRecord(datum).fields[step] ?? null, level + 1, row);
  };
  for (let row = 0; row < vector.length; row++) walk(datumAt(vector, row), 0, row);
  return { values: vectorFromDatums(type, parts), rows };
}

function boundsOf(datum: Datum): readonly Datum[] {
  return rangesOf(datum).flatMap((range) => [range.lower, range.upper]).filter((bound) => bound !== null);
}

export function requireAllowed(checks: readonly Demand[], vector: Vector, context: EvalContext): Vector {
  const failure = firstFailure(checks, vector, context);
  if (failure !== null) throw failure.error();
  return vector;
}

/** What a type demands of its values, those inside arrays, rows and ranges first; empty for most types. */
export function checksOf(site: Site, type: LogicalType): readonly Demand[] {
  switch (type.kind) {
    case 'domain': {
      const checks = domainChecks(site, type);
      return [...checksOf(site, baseType(type)), ...(checks.length === 0 ? [] : [{ path: [], checks, type }])];
    }
    case 'array': return checksOf(site, type.element).map((d) => ({ ...d, path: ['elements', ...d.path] }));
    case 'record':
      return type.fields.flatMap((f, i) => checksOf(site, f.type).map((d) => ({ ...d, path: [i, ...d.path] })));
    case 'range': case 'multirange': return checksOf(site, type.bound).map((d) => ({ ...d, path: ['bounds', ...d.path] }));
    default: return [];
  }
}

/** The value as it is, once the checks of its type hold. */
export function checked(site: Site, value: Expression): Expression {
  const { type } = value;
  const checks = checksOf(site, type);
  if (checks.length === 0) return value;
  return {
    kind: 'call', type, args: [value], function: scalar({
      name: DOMAIN_CHECK, args: [type], returns: type, strict: false, description: 'The value, once its domain allows it.',
      row: ([datum], { context }) => {
        requireAllowed(checks, vectorFromDatums(type, [datum]), context);
        return datum;
      },
      kernel: ([vector], _length, _validity, { context }) => requireAllowed(checks, vector, context),
    }),
  };
}

/** A set-returning function whose rows are what their type allows. */
export function checkedRows(site: Site, fn: TableFunction, type: LogicalType): TableFunction {
  const checks = checksOf(site, type);
  if (checks.length === 0) return fn;
  const whole = baseType(type).kind === 'record' && fn.fields === true;
  return {
    ...fn,
    *rows(args, call) {
      for (const row of fn.rows(args, call)) {
        requireAllowed(checks, vectorFromDatums(type, [whole ? { fields: row } : row[0]]), call.context);
        yield row;
      }
    },
  };
}
