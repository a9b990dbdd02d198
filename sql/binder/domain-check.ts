// What a domain demands of its values: the checks of a cast to it, and of a column that has it, arrays of domains included.
import { datumAt, vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { asArray } from '../../engine/data/composite.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { ArrayType, DomainType, LogicalType } from '../../engine/data/types.ts';
import { isValid } from '../../engine/data/vector.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { boolVector } from '../../engine/expression/compiled.ts';
import type { CompiledExpression } from '../../engine/expression/compiled.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { scalar } from '../../engine/function/define.ts';
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

/** In the order they are applied: those of the domain it is over, NOT NULL, its own. `site`: any of the statement's. */
export function domainChecks(site: Site, type: DomainType, outer: DomainType = type): readonly DomainCheck[] {
  const entry = site.env.catalog.get(type.oid);
  if (entry?.kind !== 'type' || entry.definition.kind !== 'domain') return [];
  const { base } = entry.definition;
  return [
    ...(base.kind === 'domain' ? domainChecks(site, base, outer) : []),
    ...ownChecks(site, entry.definition, { name: outer.name, schema: entry.schema }),
  ];
}

/** Those of a definition alone. `outer`: the domain that messages speak of. */
export function ownChecks(
  site: Site, { base, notNull, checks }: Pick<DomainDefinition, 'base' | 'notNull' | 'checks'>,
  outer: { readonly name: string; readonly schema: string },
): readonly DomainCheck[] {
  const { schema } = outer;
  const compile = (text: string): CompiledExpression => compileExpression(predicate(site, text, base));
  return [
    ...(!notNull ? [] : [{
      compiled: compile('value IS NOT NULL'),
      error: () => new DatabaseError('23502', `domain ${outer.name} does not allow null values`,
        { dataType: outer.name, schema }),
    }]),
    ...checks.map(({ name, expression }) => ({
      compiled: compile(expression),
      error: () => new DatabaseError('23514', `value for domain ${outer.name} violates check constraint "${name}"`,
        { dataType: outer.name, constraint: name, schema }),
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

/** The first row with a value, or an array with an element, that fails, and the first check it fails; null: all is well. */
export function firstFailure(checks: readonly DomainCheck[], vector: Vector, context: EvalContext): Failure | null {
  const { values, rows } = vector.type.kind === 'array' ? elementsOf(vector, vector.type) : { values: vector, rows: null };
  let found: Failure | null = null;
  for (const { compiled, error } of checks) {
    const result = boolVector(compiled.evaluate(new Batch([values], values.length), context));
    for (let i = 0; i < values.length; i++) {
      if (!isValid(result.validity, i) || result.values[i] !== 0) continue;
      const row = rows === null ? i : rows[i];
      if (found === null || row < found.row) found = { row, error };
      break;
    }
  }
  return found;
}

/** The elements of all arrays, and whose they are. */
function elementsOf(vector: Vector, type: ArrayType): { readonly values: Vector; readonly rows: readonly number[] } {
  const elements: Datum[] = [];
  const rows: number[] = [];
  for (let row = 0; row < vector.length; row++) {
    const array = datumAt(vector, row);
    if (array === null) continue;
    for (const element of asArray(array).values) {
      elements.push(element);
      rows.push(row);
    }
  }
  return { values: vectorFromDatums(type.element, elements), rows };
}

function requireAllowed(checks: readonly DomainCheck[], vector: Vector, context: EvalContext): Vector {
  const failure = firstFailure(checks, vector, context);
  if (failure !== null) throw failure.error();
  return vector;
}

/** Checks of a type: a domain's, or those of an array's elements. */
export function checksOf(site: Site, type: LogicalType): readonly DomainCheck[] {
  if (type.kind === 'domain') return domainChecks(site, type);
  return type.kind === 'array' && type.element.kind === 'domain' ? domainChecks(site, type.element) : [];
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
