// Which collation an expression has (manual 24.2.2), what two of them come to, and the errors where none can be told.
// Every collation there is orders by bytes: nothing but these errors, and what the catalog shows, hangs on it.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionFullType, quoteIdentifier } from '../../engine/data/type-info.ts';
import { TEXT, baseType } from '../../engine/data/types.ts';
import type { Column, LogicalType } from '../../engine/data/types.ts';
import { childrenOf } from '../../engine/expression/walk.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScalarFunction, Signature } from '../../engine/function/function.ts';
import { INDETERMINATE, collatedInput } from '../plan/deparse.ts';
import type { ResultColumn } from '../session-api.ts';
import { categoryOf, collationOfType } from './type-rules.ts';

/** `name`: null of a subquery's column that has none, which goes before the default as a name does. */
interface Named { readonly name: string | null; readonly position: number | undefined }

/** `conflict`: `name` and `other` are equally good, which is an error where one is needed. null: it has none. */
export type Collation = (Named & { readonly strength: 'implicit' | 'explicit' })
  | (Named & { readonly strength: 'conflict'; readonly other: Named }) | null;

const KNOWN = new WeakMap<Expression, Collation>();

/** Says what cannot be seen in the expression itself: the collation of a column, or of what a hole stands for. */
export function noteCollation(e: Expression, collation: Collation | undefined): void {
  if (collation !== undefined) KNOWN.set(e, collation);
}

/** What has been noted of it, whatever its type. */
export function collationSaid(e: Expression): Collation | undefined {
  return KNOWN.get(e);
}

export function collationOf(e: Expression): Collation {
  const type = collationOfType(e.type);
  if (type === null) return null;
  const known = KNOWN.get(e);
  if (known !== undefined) return known;
  const own = implicit(type);
  const written = collatedInput(e);
  // Most expressions are these: what is seen at once is not noted.
  if (written === undefined && (e.kind === 'literal' || e.kind === 'column' || e.kind === 'parameter')) return own;
  const derived = written === undefined ? derivedOf(e, own)
    : { ...own, strength: 'explicit' as const, name: written.collation[written.collation.length - 1] };
  KNOWN.set(e, derived);
  return derived;
}

type Implicit = Named & { readonly strength: 'implicit' };

const IMPLICIT = new Map<string, Implicit>();

function implicit(name: string): Implicit {
  const known = IMPLICIT.get(name);
  if (known !== undefined) return known;
  const made: Implicit = { strength: 'implicit', name, position: undefined };
  IMPLICIT.set(name, made);
  return made;
}

/** What the expression has of its parts, or by itself as one of its type. */
function derivedOf(e: Expression, own: Implicit): Collation {
  switch (e.kind) {
    case 'field': {
      const row = baseType(e.input.type);
      const { collation } = row.kind === 'record' ? row.fields[e.index] : {};
      return collation === undefined ? own : { ...own, name: collation };
    }
    case 'cast': return e.type.kind === 'domain' && own.name !== 'default' ? own : collationOf(e.input) ?? own;
    case 'case': return merged([...e.branches.map((b) => b.then), e.otherwise]) ?? own;
    case 'subscript': return collationOf(e.input) ?? own;
    default: return merged(childrenOf(e)) ?? own;
  }
}

/** What several expressions have together; 42P21 where two say different ones by COLLATE. */
export function merged(parts: readonly Expression[]): Collation {
  let found: Collation = null;
  for (const part of parts) found = both(found, collationOf(part));
  return found;
}

const STRENGTH = { implicit: 1, conflict: 2, explicit: 3 } as const;

function both(a: Collation, b: Collation): Collation {
  if (b === null || a === b) return a;
  if (a === null || STRENGTH[b.strength] > STRENGTH[a.strength]) return b;
  if (STRENGTH[b.strength] < STRENGTH[a.strength] || a.strength === 'conflict' || a.name === b.name) return a;
  if (a.strength === 'explicit') {
    throw new DatabaseError('42P21', `collation mismatch between explicit collations "${a.name}" and "${b.name}"`,
      { position: b.position });
  }
  if (a.name === 'default') return b;
  return b.name === 'default' ? a : { ...a, strength: 'conflict', other: b };
}

/** 42P21 where what is sorted or grouped by could be ordered by either of two. */
export function requireSortable(e: Expression): Expression {
  refuseConflict(collationOf(e));
  return determined([e], 'string comparison')[0];
}

function refuseConflict(collation: Collation): void {
  if (collation?.strength !== 'conflict') return;
  throw new DatabaseError('42P21',
    `collation mismatch between implicit collations "${shownName(collation)}" and "${shownName(collation.other)}"`, {
      position: collation.other.position,
      hint: 'You can choose the collation by applying the COLLATE clause to one or both expressions.',
    });
}

/** As messages of PostgreSQL have it. */
function shownName(collation: Named | null): string {
  return collation?.name ?? '(null)';
}

/** The one that values are to be compared by; null: there is none. */
export function determinedName(collation: Collation): string | null {
  return collation === null || collation.strength === 'conflict' ? null : collation.name;
}

// ---- What asks for a collation ----

const HINT = 'Use the COLLATE clause to set the collation explicitly.';

/** 42P22: PostgreSQL finds it out when there are values; `use` is what they were for. */
function indeterminate(use: string): DatabaseError {
  return new DatabaseError('42P22', `could not determine which collation to use for ${use}`, { hint: HINT });
}

export function requireCollation(e: Expression, use: string): void {
  if (isCollatable(e) && determinedName(collationOf(e)) === null) throw indeterminate(use);
}

const COMPARED: ReadonlySet<string> = new Set([
  '=', '<>', '<', '<=', '>', '>=', '^@', '@>', '<@', '&&', 'starts_with', 'position', 'strpos', 'replace', 'split_part',
  'string_to_array', 'string_to_table', 'array_position', 'array_positions', 'array_remove', 'array_replace', 'min', 'max',
]);
const MATCHED: ReadonlySet<string> = new Set([
  '~', '!~', '~*', '!~*', 'regexp_match', 'regexp_matches', 'regexp_replace', 'regexp_split_to_array',
  'regexp_split_to_table', 'regexp_count', 'regexp_instr', 'regexp_like', 'regexp_substr',
]);

/** What a function of this name needs a collation for; null: for nothing. */
function useOf({ name }: Pick<Signature, 'name'>, args: readonly Expression[]): string | null {
  if (COMPARED.has(name)) return 'string comparison';
  const matches = name === 'substring' && args.length > 1 && categoryOf(args[1].type) === 'S';
  if (matches || MATCHED.has(name)) return 'regular expression';
  if (name === 'lower' || name === 'upper' || name === 'initcap') return `${name}() function`;
  if (name === '~~*' || name === '!~~*') return 'ILIKE';
  return name === 'hashtext' || name === 'hashtextextended' ? 'string hashing' : null;
}

/** The arguments as a function takes them; an error for each row that has them all where it needs a collation and has none. */
export function argumentsOf(fn: Pick<Signature, 'name'>, args: readonly Expression[]): readonly Expression[] {
  const use = args.some(isCollatable) ? useOf(fn, args) : null;
  if (use !== null) return determined(args, use);
  merged(args);
  return args;
}

/** `args` are compared with one another. */
export function compared<T extends readonly Expression[]>(...args: T): T;
export function compared(...args: readonly Expression[]): readonly Expression[] {
  return determined(args, 'string comparison');
}

function determined(args: readonly Expression[], use: string): readonly Expression[] {
  if (determinedName(merged(args)) !== null || !args.some(isCollatable)) return args;
  const [first, ...rest] = args;
  const failing: Expression = { kind: 'call', function: failure(use), args, type: first.type };
  return [failing, ...rest];
}

/** `left`, to be compared with a column of another plan. */
export function comparedWith(left: Expression, right: Expression): Expression {
  if (determinedName(merged([left, right])) !== null || !isCollatable(left)) return left;
  return { kind: 'call', function: failure('string comparison'), args: [left], type: left.type };
}

function isCollatable(e: Expression): boolean {
  return collationOfType(e.type) !== null;
}

const FAILURES = new Map<string, ScalarFunction>();

/** Its first argument where any is NULL, else the error. */
function failure(use: string): ScalarFunction {
  const known = FAILURES.get(use);
  if (known !== undefined) return known;
  const made: ScalarFunction = {
    kind: 'scalar', name: INDETERMINATE, args: [{ kind: 'any' }], variadic: { kind: 'any' }, returns: (args) => args[0],
    strict: false, volatility: 'immutable', description: `Fails for want of a collation for ${use}.`,
    row: (args) => {
      if (args.includes(null)) return args[0];
      throw indeterminate(use);
    },
  };
  FAILURES.set(use, made);
  return made;
}

// ---- Columns ----

type Collated = Pick<ResultColumn, 'collation'>;

/** What a column has that the expression computes; nothing where that is its type's. */
export function outputCollation(e: Expression): Collated {
  const own = collationOfType(e.type);
  const collation = collationOf(e);
  return own === null || (collation?.strength === 'implicit' && collation.name === own) ? {} : { collation };
}

/** As whoever reads the column sees it. */
export function readCollation({ collation }: Collated, position?: number): Collation | undefined {
  if (collation === undefined) return undefined;
  const name = determinedName(collation);
  return name === null ? null : { strength: 'implicit', name, position };
}

/** As the expression reads it that the subquery is. */
export function subqueryCollation(column: Collated, position: number | undefined): Collation | undefined {
  const read = readCollation(column, position);
  return read === null ? { strength: 'implicit', name: null, position } : read;
}

/** The same of a column of a relation. */
export function storedCollation({ collation: name }: Pick<Column, 'collation'>): Collated {
  return name === undefined ? {} : { collation: { strength: 'implicit', name, position: undefined } };
}

/** What a relation's column keeps of a query's; 42P22 where there is none: `use` says for what, null: for its rows. */
export function keptCollation(column: ResultColumn, use: string | null, name: string): Pick<Column, 'collation'> {
  if (column.collation === undefined) return {};
  const collation = determinedName(column.collation);
  if (collation === null) {
    throw use !== null ? indeterminate(use) : new DatabaseError('42P22',
      `no collation was derived for column "${name}" with collatable type ${mentionFullType(column.type)}`, { hint: HINT });
  }
  return collation === collationOfType(column.type) ? {} : { collation };
}

/** The same of an expression, where one may do without. */
export function expressionCollation(e: Expression): Pick<Column, 'collation'> {
  const { collation } = outputCollation(e);
  const name = collation === undefined ? null : determinedName(collation);
  return name === null ? {} : { collation: name };
}

interface PlacedColumn extends Pick<ResultColumn, 'type' | 'collation'> { readonly position: number | undefined }

/** The columns of a set operation; `all`: there need not be one. */
export function unitedCollation(columns: readonly PlacedColumn[], type: LogicalType, all: boolean): Collated {
  const own = collationOfType(type);
  if (own === null) return {};
  let collation: Collation = null;
  for (const c of columns) {
    if (c.collation === null) continue;
    const name = c.collation === undefined ? collationOfType(c.type) ?? own : c.collation.name;
    const position = c.collation?.strength === 'explicit' ? c.collation.position : c.position;
    collation = both(collation, { ...(c.collation ?? { strength: 'implicit' }), name, position });
  }
  if (!all) refuseConflict(collation);
  return readAs(collation, own);
}

/** A column of VALUES. */
export function valuesCollation(cells: readonly Expression[], type: LogicalType): Collated {
  const own = collationOfType(type);
  return own === null ? {} : readAs(merged(cells), own);
}

function readAs(collation: Collation, own: string): Collated {
  return collation?.strength === 'implicit' && collation.name === own ? {} : { collation: readCollation({ collation }) ?? null };
}

// ---- COLLATION FOR ----

const NAMING = new Map<string | null, ScalarFunction>();

/** pg_collation_for(value), whose answer is known: `e` is the value before it had a type. */
export function collationName(e: Expression, value: Expression): Expression {
  const name = determinedName(collationSaid(e) ?? collationOf(e));
  const known = NAMING.get(name) ?? {
    kind: 'scalar', name: 'pg_collation_for', args: [{ kind: 'any' }], returns: TEXT, strict: false, volatility: 'immutable',
    total: true, description: 'Name of the collation of an expression.',
    row: () => (name === null ? null : quoteIdentifier(name)),
  } satisfies ScalarFunction;
  NAMING.set(name, known);
  return { kind: 'call', function: known, args: [value], type: TEXT };
}
