// Constructors of plans: each computes its schema from its parts.
import type { Column, Schema } from '../../engine/data/types.ts';
import { BOOLEAN, INT4, INT8 } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type {
  AggregateCall, ApplyPlan, AsofJoinPlan, EquiKey, JoinKind, LogicalPlan, ProjectSetPlan, TableCall,
} from './logical-plan.ts';

export function columnOf(plan: LogicalPlan, index: number): Expression {
  return { kind: 'column', index, type: plan.schema.columns[index].type };
}

export function columnsOfPlan(plan: LogicalPlan): readonly Expression[] {
  return plan.schema.columns.map((_, i) => columnOf(plan, i));
}

export function width(plan: LogicalPlan): number {
  return plan.schema.columns.length;
}

function schemaOf(types: readonly Expression[], names: readonly string[]): Schema {
  return { columns: types.map((e, i): Column => ({ name: names[i] ?? '?column?', type: e.type })) };
}

export const SINGLE_ROW: LogicalPlan = { kind: 'single-row', schema: { columns: [] } };

export function filterOf(input: LogicalPlan, condition: Expression | null): LogicalPlan {
  return condition === null ? input : { kind: 'filter', input, condition, schema: input.schema };
}

export function projectOf(
  input: LogicalPlan, expressions: readonly Expression[], names: readonly string[],
): LogicalPlan {
  return { kind: 'project', input, expressions, schema: schemaOf(expressions, names) };
}

/** The input's columns and more behind them. */
export function extend(input: LogicalPlan, expressions: readonly Expression[], name: string): LogicalPlan {
  if (expressions.length === 0) return input;
  return projectOf(input, [...columnsOfPlan(input), ...expressions],
    [...input.schema.columns.map((c) => c.name), ...expressions.map(() => name)]);
}

/** The given columns, in that order. */
export function selectColumns(input: LogicalPlan, columns: readonly number[]): LogicalPlan {
  if (columns.length === width(input) && columns.every((c, i) => c === i)) return input;
  return projectOf(input, columns.map((c) => columnOf(input, c)), columns.map((c) => input.schema.columns[c].name));
}

export function aggregateOf(
  input: LogicalPlan, keys: readonly Expression[], aggregates: readonly AggregateCall[], names: readonly string[],
): LogicalPlan {
  return {
    kind: 'aggregate', input, keys, aggregates, sets: null, groupings: [], closing: null,
    schema: { columns: [...keys, ...aggregates].map((e, i): Column => ({ name: names[i] ?? '?column?', type: e.type })) },
  };
}

export function showsLeftOnly(join: JoinKind): boolean {
  return join === 'semi' || join === 'anti' || join === 'not-in';
}

export interface JoinParts {
  readonly join: JoinKind;
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly keys?: readonly EquiKey[];
  readonly condition?: Expression | null;
  readonly lazy?: boolean | undefined;
}

export function joinOf(parts: JoinParts): LogicalPlan {
  const { join, left, right, keys = [], condition = null, lazy = false } = parts;
  const leftOnly = showsLeftOnly(join);
  const columns = leftOnly ? left.schema.columns : [...left.schema.columns, ...right.schema.columns];
  const plan: LogicalPlan = { kind: 'join', join, left, right, keys, condition, schema: { columns } };
  return lazy ? { ...plan, lazy } : plan;
}

export function asofJoinOf(parts: Omit<AsofJoinPlan, 'kind' | 'schema'>): LogicalPlan {
  const { left, right, keys, time, side, strict, outer } = parts;
  const schema = { columns: [...left.schema.columns, ...right.schema.columns] };
  return { kind: 'asof-join', left, right, keys, time, side, strict, outer, schema };
}

export function applyOf(parts: Omit<ApplyPlan, 'kind' | 'schema'>): LogicalPlan {
  return { kind: 'apply', ...parts, schema: { columns: applyColumns(parts) } };
}

function applyColumns(parts: Omit<ApplyPlan, 'kind' | 'schema'>): readonly Column[] {
  const left = parts.left.schema.columns;
  switch (parts.apply) {
    case 'inner': case 'left': return [...left, ...parts.right.schema.columns];
    case 'scalar': return [...left, parts.right.schema.columns[0]];
    case 'exists': case 'in': return [...left, { name: parts.apply, type: BOOLEAN }];
    case 'semi': case 'anti': case 'semi-in': case 'anti-in': return left;
  }
}

export function limitOf(
  input: LogicalPlan, order: readonly SortKey[], limit: Expression | null, offset: Expression | null, withTies = false,
): LogicalPlan {
  return { kind: 'limit', input, partition: [], order, limit, offset, withTies, schema: input.schema };
}

export function setCallsOf(input: LogicalPlan, calls: readonly TableCall[], more: {
  readonly names: readonly string[]; readonly outer?: boolean; readonly ordinality?: boolean;
}): LogicalPlan {
  const { names, outer = false, ordinality = false } = more;
  const added = callColumns(calls, names, ordinality);
  const plan: ProjectSetPlan = {
    kind: 'project-set', input, calls, outer, ordinality, enough: null, schema: { columns: [...input.schema.columns, ...added] },
  };
  return plan;
}

export function callColumns(calls: readonly TableCall[], names: readonly string[], ordinality: boolean): readonly Column[] {
  const columns = calls.flatMap((c) => c.types).map((type, i): Column => ({ name: names[i] ?? '?column?', type }));
  return ordinality ? [...columns, { name: names[columns.length] ?? 'ordinality', type: INT8 }] : columns;
}

export const GROUPING_TYPE = INT4;
