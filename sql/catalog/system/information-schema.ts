// information_schema: the standard's view of the catalog; materialized views show as views, as the checklist of tools asks.
import { isDeferrable, isInitiallyDeferred } from '../entry.ts';
import { formatTypeName } from '../../../engine/data/type-info.ts';
import type { Catalog } from '../catalog.ts';
import { isTemporary, liveColumns } from '../entry.ts';
import type { ColumnEntry, QueryableEntry, ReferentialAction, SystemContext, SystemRelation } from '../entry.ts';
import { constraintsOf, constraintText } from './constraints.ts';
import { ownerName, PLAIN } from './definitions.ts';
import { BINARY_PRECISION, typeFacts } from './column-facts.ts';
import { SYSTEM_COLUMNS, systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

type Maker = (context: SystemContext) => Iterable<SystemRow>;

function* queryables(catalog: Catalog): Iterable<QueryableEntry> {
  for (const e of catalog.relations()) if (e.kind !== 'index' && e.kind !== 'sequence') yield e;
}

/** Bits of what may be done to a relation: INSERT; UPDATE and DELETE. */
const INSERT = 8;
const CHANGES = 20;

const yesNo = (value: boolean): string => (value ? 'YES' : 'NO');

function* schemata({ catalog, database }: SystemContext): Iterable<SystemRow> {
  for (const s of catalog.schemas()) yield { catalog_name: database, schema_name: s.name, schema_owner: ownerName(catalog, s) };
}

function* tables(context: SystemContext): Iterable<SystemRow> {
  const { catalog, database } = context;
  const row = (table_schema: string, table_name: string, base: boolean, insertable: boolean): SystemRow => ({
    table_catalog: database, table_schema, table_name, table_type: !base ? 'VIEW' : isTemporary(table_schema) ? 'LOCAL TEMPORARY' : 'BASE TABLE',
    is_insertable_into: yesNo(insertable), is_typed: 'NO',
  });
  for (const r of SYSTEM_COLUMNS) yield row(r.schema, r.name, r.relationKind === 'r', false);
  for (const e of queryables(catalog)) {
    yield row(e.schema, e.name, e.kind === 'table' || e.kind === 'source',
      e.kind === 'table' || (e.kind === 'view' && (context.writable(e).events & INSERT) !== 0));
  }
}

function columnRow(context: SystemContext, entry: QueryableEntry, column: ColumnEntry, updatable: boolean): SystemRow {
  const { catalog, database } = context;
  const sequence = column.sequence === null || column.identity === null ? null : catalog.get(column.sequence);
  const identity = sequence?.kind === 'sequence' ? sequence : null;
  const text = column.defaultText === null ? null : context.printed(column.defaultText, { relation: entry.oid, pretty: false });
  return {
    table_catalog: database, table_schema: entry.schema, table_name: entry.name, column_name: column.name,
    ordinal_position: column.attnum, column_default: column.generated ? null : text,
    is_nullable: yesNo(!column.notNull), ...typeFacts(column, context), dtd_identifier: String(column.attnum),
    is_self_referencing: 'NO', is_identity: yesNo(column.identity !== null),
    identity_generation: column.identity === null ? null : column.identity.toUpperCase(),
    identity_start: identity === null ? null : String(identity.start),
    identity_increment: identity === null ? null : String(identity.increment),
    identity_maximum: identity === null ? null : String(identity.max),
    identity_minimum: identity === null ? null : String(identity.min),
    identity_cycle: yesNo(identity?.cycle ?? false), is_generated: column.generated ? 'ALWAYS' : 'NEVER',
    generation_expression: column.generated ? text : null, is_updatable: yesNo(updatable),
  };
}

function* columns(context: SystemContext): Iterable<SystemRow> {
  for (const r of SYSTEM_COLUMNS) {
    for (let i = 0; i < r.columns.length; i++) {
      yield {
        table_catalog: context.database, table_schema: r.schema, table_name: r.name, column_name: r.columns[i].name,
        ordinal_position: i + 1, is_nullable: yesNo(!r.notNull[i]), ...typeFacts(r.columns[i], context),
        dtd_identifier: String(i + 1), is_self_referencing: 'NO', is_identity: 'NO', identity_cycle: 'NO',
        is_generated: 'NEVER', is_updatable: 'NO',
      };
    }
  }
  for (const entry of queryables(context.catalog)) {
    const parts = entry.kind === 'view' ? context.writable(entry) : null;
    const whole = parts === null ? entry.kind === 'table' : (parts.events & CHANGES) === CHANGES;
    for (const column of liveColumns(entry.columns)) {
      yield columnRow(context, entry, column, whole && parts?.columns.has(column.attnum) !== false);
    }
  }
}

function* views(context: SystemContext): Iterable<SystemRow> {
  const { catalog, database } = context;
  for (const e of catalog.relations()) {
    if (e.kind !== 'view') continue;
    const { events } = context.writable(e);
    yield { table_catalog: database, table_schema: e.schema, table_name: e.name, view_definition: context.viewText(e, PLAIN),
      check_option: e.options['check_option']?.toUpperCase() ?? 'NONE', is_updatable: yesNo((events & CHANGES) === CHANGES),
      is_insertable_into: yesNo((events & INSERT) !== 0), is_trigger_updatable: 'NO', is_trigger_deletable: 'NO', is_trigger_insertable_into: 'NO' };
  }
}

const STANDARD_KINDS = { primary: 'PRIMARY KEY', unique: 'UNIQUE', check: 'CHECK', foreign: 'FOREIGN KEY' } as const;

function* tableConstraints({ catalog, database }: SystemContext): Iterable<SystemRow> {
  for (const { constraint, table } of constraintsOf(catalog)) {
    yield { constraint_catalog: database, constraint_schema: table.schema, constraint_name: constraint.name, table_catalog: database,
      table_schema: table.schema, table_name: table.name, constraint_type: STANDARD_KINDS[constraint.kind],
      is_deferrable: yesNo(isDeferrable(constraint)),
      initially_deferred: yesNo(isInitiallyDeferred(constraint)), enforced: 'YES' };
  }
}

function columnName(entry: { readonly columns: readonly ColumnEntry[] }, attnum: number): string {
  return entry.columns.find((c) => c.attnum === attnum)?.name ?? '';
}

function* keyColumns({ catalog, database }: SystemContext): Iterable<SystemRow> {
  for (const { constraint, table } of constraintsOf(catalog)) {
    if (constraint.kind === 'check') continue;
    for (let i = 0; i < constraint.columns.length; i++) {
      yield { constraint_catalog: database, constraint_schema: table.schema, constraint_name: constraint.name, table_catalog: database,
        table_schema: table.schema, table_name: table.name, column_name: columnName(table, constraint.columns[i]), ordinal_position: i + 1,
        position_in_unique_constraint: constraint.kind === 'foreign' ? i + 1 : null };
    }
  }
}

/** For a foreign key the columns it points at, else its own. */
function* usage({ catalog, database }: SystemContext): Iterable<SystemRow> {
  for (const { constraint, table } of constraintsOf(catalog)) {
    const target = constraint.kind === 'foreign' ? catalog.get(constraint.target) : table;
    if (target === null || (target.kind !== 'table' && target.kind !== 'source')) continue;
    for (const attnum of constraint.kind === 'foreign' ? constraint.targetColumns : constraint.columns) {
      yield { table_catalog: database, table_schema: target.schema, table_name: target.name, column_name: columnName(target, attnum),
        constraint_catalog: database, constraint_schema: table.schema, constraint_name: constraint.name };
    }
  }
}

function* references({ catalog, database }: SystemContext): Iterable<SystemRow> {
  const word = (action: ReferentialAction): string => action.toUpperCase();
  for (const { constraint, table } of constraintsOf(catalog)) {
    if (constraint.kind !== 'foreign') continue;
    const target = catalog.get(constraint.target);
    const unique = target?.kind === 'table'
      ? target.constraints.find((c) => (c.kind === 'primary' || c.kind === 'unique') && c.columns.join() === constraint.targetColumns.join()) : undefined;
    yield { constraint_catalog: database, constraint_schema: table.schema, constraint_name: constraint.name,
      unique_constraint_catalog: database, unique_constraint_schema: target?.kind === 'table' ? target.schema : null,
      unique_constraint_name: unique?.name ?? null, match_option: constraint.matchFull ? 'FULL' : 'NONE',
      update_rule: word(constraint.onUpdate), delete_rule: word(constraint.onDelete) };
  }
}

function* checks(context: SystemContext): Iterable<SystemRow> {
  const { catalog, database } = context;
  for (const placed of constraintsOf(catalog)) {
    if (placed.constraint.kind !== 'check') continue;
    yield { constraint_catalog: database, constraint_schema: placed.table.schema, constraint_name: placed.constraint.name,
      check_clause: constraintText(context, placed).slice('CHECK '.length) };
  }
}

function* sequences({ catalog, database }: SystemContext): Iterable<SystemRow> {
  for (const e of catalog.relations()) {
    if (e.kind !== 'sequence') continue;
    yield { sequence_catalog: database, sequence_schema: e.schema, sequence_name: e.name, data_type: formatTypeName(e.type),
      numeric_precision: BINARY_PRECISION.get(e.type.kind) ?? 64, numeric_precision_radix: 2, numeric_scale: 0, start_value: String(e.start),
      minimum_value: String(e.min), maximum_value: String(e.max), increment: String(e.increment), cycle_option: yesNo(e.cycle) };
  }
}

const relation = (name: string, now: Maker): SystemRelation => systemRelation('information_schema', name, { now });

export const INFORMATION_SCHEMA: readonly SystemRelation[] = [
  relation('schemata', schemata),
  relation('tables', tables),
  relation('columns', columns),
  relation('views', views),
  relation('table_constraints', tableConstraints),
  relation('key_column_usage', keyColumns),
  relation('constraint_column_usage', usage),
  relation('referential_constraints', references),
  relation('check_constraints', checks),
  relation('sequences', sequences),
  relation('information_schema_catalog_name', function* name({ database }) { yield { catalog_name: database }; }),
  relation('enabled_roles', function* enabled({ catalog }) { for (const r of catalog.roles()) yield { role_name: r.name }; }),
  relation('character_sets', function* sets({ database }) {
    yield { character_set_name: 'UTF8', character_repertoire: 'UCS', form_of_use: 'UTF8', default_collate_catalog: database,
      default_collate_schema: 'pg_catalog', default_collate_name: 'default' };
  }),
];
