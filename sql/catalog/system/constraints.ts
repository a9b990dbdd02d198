// pg_constraint, and the text of constraints as pg_get_constraintdef prints it.
import { arrayFrom } from '../../../engine/data/composite.ts';
import { quoteIdentifier } from '../../../engine/data/type-info.ts';
import type { Catalog } from '../catalog.ts';
import type { ConstraintEntry, ReferentialAction, SystemContext, SystemRelation, TableEntry } from '../entry.ts';
import { isDeferrable, isInitiallyDeferred } from '../entry.ts';
import { namespaceOid } from './relations.ts';
import { systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

const KINDS: Readonly<Record<ConstraintEntry['kind'], string>> = { primary: 'p', unique: 'u', check: 'c', foreign: 'f' };
const ACTIONS: Readonly<Record<ReferentialAction, string>> = {
  'no action': 'a', 'restrict': 'r', 'cascade': 'c', 'set null': 'n', 'set default': 'd',
};

export interface PlacedConstraint {
  readonly constraint: ConstraintEntry;
  readonly table: Extract<ReturnType<Catalog['get']>, { readonly constraints: readonly ConstraintEntry[] }>;
}

export function* constraintsOf(catalog: Catalog): Iterable<PlacedConstraint> {
  for (const entry of catalog.relations()) {
    if (entry.kind !== 'table' && entry.kind !== 'source') continue;
    for (const constraint of entry.constraints) yield { constraint, table: entry };
  }
}

function names(table: PlacedConstraint['table'] | TableEntry, attnums: readonly number[]): string {
  return attnums.map((n) => quoteIdentifier(table.columns.find((c) => c.attnum === n)?.name ?? '?')).join(', ');
}

function timing(constraint: PlacedConstraint['constraint']): string {
  if (!isDeferrable(constraint)) return '';
  return isInitiallyDeferred(constraint) ? ' DEFERRABLE INITIALLY DEFERRED' : ' DEFERRABLE';
}

function isNotValid(constraint: ConstraintEntry): boolean {
  return (constraint.kind === 'check' || constraint.kind === 'foreign') && constraint.notValid === true;
}

/** As PostgreSQL prints it: `PRIMARY KEY (a)`, `CHECK ((a > 0))`, `FOREIGN KEY (a) REFERENCES t(b)`. */
export function constraintText(context: SystemContext, { constraint, table }: PlacedConstraint, pretty = false): string {
  const { catalog } = context;
  switch (constraint.kind) {
    case 'primary': return `PRIMARY KEY (${names(table, constraint.columns)})${timing(constraint)}`;
    case 'unique':
      return `UNIQUE ${constraint.nullsNotDistinct === true ? 'NULLS NOT DISTINCT ' : ''}(${names(table, constraint.columns)})${timing(constraint)}`;
    case 'check': {
      const text = `CHECK (${context.printed(constraint.expression, { relation: table.oid, pretty })})`;
      return constraint.notValid === true ? `${text} NOT VALID` : text;
    }
    case 'foreign': {
      const target = catalog.get(constraint.target);
      const action = (what: string, does: ReferentialAction): string =>
        (does === 'no action' ? '' : ` ON ${what} ${does.toUpperCase()}`);
      if (target === null || target.kind !== 'table') return '';
      const set = constraint.onDeleteColumns;
      const schema = catalog.isVisible(target, context.searchPath) ? '' : `${quoteIdentifier(target.schema)}.`;
      return `FOREIGN KEY (${names(table, constraint.columns)}) REFERENCES ${schema}${quoteIdentifier(target.name)}`
        + `(${names(target, constraint.targetColumns)})${constraint.matchFull ? ' MATCH FULL' : ''}`
        + action('UPDATE', constraint.onUpdate) + action('DELETE', constraint.onDelete)
        + (set === undefined ? '' : ` (${names(table, set)})`) + timing(constraint)
        + (constraint.notValid === true ? ' NOT VALID' : '');
    }
  }
}

function* rows(catalog: Catalog): Iterable<SystemRow> {
  for (const { constraint, table } of constraintsOf(catalog)) {
    const foreign = constraint.kind === 'foreign' ? constraint : null;
    const target = foreign === null ? null : catalog.get(foreign.target);
    const targetIndex = foreign === null || target === null || target.kind !== 'table' ? 0
      : catalog.indexesOf(target.oid).find((i) => i.unique && i.columns.join() === foreign.targetColumns.join())?.oid ?? 0;
    yield {
      oid: constraint.oid, conname: constraint.name, connamespace: namespaceOid(catalog, table.schema),
      contype: KINDS[constraint.kind], condeferrable: isDeferrable(constraint),
      condeferred: isInitiallyDeferred(constraint), convalidated: !isNotValid(constraint), conrelid: table.oid,
      contypid: 0, conindid: 'index' in constraint ? constraint.index : targetIndex, conparentid: 0,
      confrelid: foreign?.target ?? 0, confupdtype: foreign === null ? ' ' : ACTIONS[foreign.onUpdate],
      confdeltype: foreign === null ? ' ' : ACTIONS[foreign.onDelete],
      confmatchtype: foreign === null ? ' ' : foreign.matchFull ? 'f' : 's', conislocal: true, coninhcount: 0,
      connoinherit: constraint.kind !== 'check', conkey: arrayFrom([...constraint.columns]),
      confkey: foreign === null ? null : arrayFrom([...foreign.targetColumns]),
      confdelsetcols: foreign?.onDeleteColumns === undefined ? null : arrayFrom([...foreign.onDeleteColumns]),
      conbin: constraint.kind === 'check' ? constraint.expression : null,
    };
  }
}

function* domainRows(catalog: Catalog): Iterable<SystemRow> {
  for (const type of catalog.types()) {
    if (type.definition.kind !== 'domain') continue;
    for (const check of type.definition.checks) {
      yield {
        oid: check.oid, conname: check.name, connamespace: namespaceOid(catalog, type.schema), contype: 'c',
        condeferrable: false, condeferred: false, convalidated: check.notValid !== true, conrelid: 0, contypid: type.oid, conindid: 0,
        conparentid: 0, confrelid: 0, confupdtype: ' ', confdeltype: ' ', confmatchtype: ' ', conislocal: true, coninhcount: 0,
        connoinherit: false, conkey: null, confkey: null, conbin: check.expression,
      };
    }
  }
}

function* allRows(catalog: Catalog): Iterable<SystemRow> {
  yield* rows(catalog);
  yield* domainRows(catalog);
}

/** pg_get_constraintdef; null: there is none of this OID. */
export function constraintDefinition(context: SystemContext, oid: number, pretty: boolean): string | null {
  for (const placed of constraintsOf(context.catalog)) {
    if (placed.constraint.oid === oid) return constraintText(context, placed, pretty);
  }
  for (const { definition, oid: type } of context.catalog.types()) {
    const check = definition.kind === 'domain' ? definition.checks.find((c) => c.oid === oid) : undefined;
    if (check === undefined) continue;
    const text = `CHECK (${context.printed(check.expression, { relation: type, pretty })})`;
    return check.notValid === true ? `${text} NOT VALID` : text;
  }
  return null;
}

export const CONSTRAINTS: readonly SystemRelation[] = [systemRelation('pg_catalog', 'pg_constraint', { catalog: allRows })];
