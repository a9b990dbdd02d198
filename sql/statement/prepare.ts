// PREPARE, EXECUTE, DEALLOCATE: the same name space as the extended protocol's prepared statements.
import { datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { whenThere } from '../../engine/data/soon.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import { checked } from '../binder/domain-check.ts';
import { tryCoerce } from '../binder/coercion.ts';
import { locationOf } from '../binder/location.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import type { CloseCursor, Execute, Prepare } from '../parser/ast-statement.ts';
import type { Expr } from '../parser/ast.ts';
import { bindRowExpression, rowSite, sessionEnvironment } from '../planner.ts';
import { PreparedStatement, requireSameColumns } from '../prepared-statement.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';

export function prepare(statement: Prepare, text: string): BoundStatement {
  return command((state) => {
    const { name } = statement;
    if (state.prepared.has(name)) throw new DatabaseError('42P05', `prepared statement "${name}" already exists`);
    const site = state.typeSite();
    const prepared = new PreparedStatement({
      name, text, fromSql: true, prepareTime: state.services.now(),
      parsed: { statement: statement.statement, text, location: statement.range.start },
      declared: statement.parameterTypes.map((t) => {
        const type = resolveTypeName(site, t);
        return type.kind === 'unknown' ? null : type;
      }),
    });
    prepared.bind(state);
    state.prepared.set(name, prepared);
    return done('PREPARE');
  });
}

export function requirePrepared(state: SessionState,
  name: string): { prepared: PreparedStatement; bound: BoundStatement } {
  const prepared = state.prepared.get(name);
  if (prepared === undefined) throw new DatabaseError('26000', `prepared statement "${name}" does not exist`);
  const bound = prepared.bind(state);
  if (bound === null) throw new DatabaseError('26000', `prepared statement "${name}" is empty`);
  return { prepared, bound };
}

export function execute(statement: Execute, state: SessionState): BoundStatement {
  const { bound: first } = requirePrepared(state, statement.name);
  return {
    parameters: [], columns: first.columns, cacheable: false,
    run: (session) => {
      const { bound } = requirePrepared(session, statement.name);
      return whenThere(bound.run(session, argumentValues(session, statement, bound)), (result) => {
        if (result.kind === 'rows') requireSameColumns(bound.columns, result.columns);
        return result;
      });
    },
  };
}

function argumentValues(
  state: SessionState, statement: Execute, bound: BoundStatement,
): readonly Datum[] {
  const { parameters } = bound;
  // PostgreSQL looks at none where there is nothing to fill.
  if (parameters.length === 0) return [];
  if (statement.arguments.length !== parameters.length) {
    throw new DatabaseError('42601', `wrong number of parameters for prepared statement "${statement.name}"`, {
      detail: `Expected ${parameters.length} parameters but got ${statement.arguments.length}.`,
    });
  }
  return statement.arguments.map((e, i) => argumentValue(state, e, { type: parameters[i], index: i }));
}

function argumentValue(
  state: SessionState, e: Expr,
  parameter: { readonly type: LogicalType; readonly index: number },
): Datum {
  const env = sessionEnvironment(state, { atOnce: true });
  const site = rowSite(env, [], { phrase: 'EXECUTE parameters', noSubquery: 'EXECUTE parameter' });
  const value = bindRowExpression(site, e);
  const position = locationOf(e);
  const coerced = tryCoerce(value, parameter.type, { env, context: 'assignment', position });
  if (coerced === null) {
    throw new DatabaseError('42804',
      `parameter $${parameter.index + 1} of type ${mentionType(value.type)} cannot be `
      + `coerced to the expected type ${mentionType(parameter.type)}`, {
      position, hint: 'You will need to rewrite or cast the expression.',
    });
  }
  const compiled = compileExpression(checked(site, coerced));
  return datumAt(compiled.evaluate(new Batch([], 1), state.evalContext()), 0);
}

export function deallocate(statement: CloseCursor): BoundStatement {
  return command((state) => {
    if (statement.name === undefined) {
      state.prepared.clear();
      return done('DEALLOCATE ALL');
    }
    if (!state.prepared.delete(statement.name)) {
      throw new DatabaseError('26000', `prepared statement "${statement.name}" does not exist`);
    }
    return done('DEALLOCATE');
  });
}
