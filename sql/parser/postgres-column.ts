// Column definitions and constraints of libpg-query's tree as ours.
import type { ColumnDef, Constraint as PgConstraint } from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type { ColumnDefinition, Constraint, ReferentialAction } from './ast.ts';
import { expression } from './postgres-expression.ts';
import { names, options, refuse, relation, typeName, untag } from './postgres-node.ts';
import type { ReaderContext } from './postgres-node.ts';
import { expressionRange } from './statement-text.ts';

export function columnDefinition(node: ColumnDef, context: ReaderContext): ColumnDefinition {
  return {
    name: node.colname ?? '', type: typeName(node.typeName, context),
    collation: node.collClause === undefined ? undefined
      : { name: names(node.collClause.collname), position: context.source.position(node.collClause.location) },
    constraints: constraints(node.constraints, context), position: context.source.position(node.location),
  };
}

/** DEFERRABLE and its like stand as constraints of their own behind the one they speak of. */
export function constraints(nodes: ColumnDef['constraints'], context: ReaderContext): readonly Constraint[] {
  const list: Constraint[] = [];
  for (const node of nodes ?? []) {
    const read = untag(node, 'Constraint');
    const attribute = attributes[read.contype ?? ''];
    if (attribute === undefined) {
      list.push(constraint(read, context));
      continue;
    }
    const last = list.pop();
    if (last === undefined || !deferrableKinds.has(last.kind)) {
      const position = context.source.position(read.location);
      throw new DatabaseError('42601', `misplaced ${attribute.clause} clause`, { position });
    }
    list.push({
      ...last, deferrable: attribute.deferrable ?? last.deferrable,
      initiallyDeferred: attribute.initiallyDeferred ?? last.initiallyDeferred,
    });
  }
  return list;
}

const deferrableKinds = new Set<Constraint['kind']>(['primaryKey', 'unique', 'foreignKey']);

interface Attribute { readonly clause: string; readonly deferrable?: boolean; readonly initiallyDeferred?: boolean }

const attributes: { readonly [type: string]: Attribute } = {
  CONSTR_ATTR_DEFERRABLE: { clause: 'DEFERRABLE', deferrable: true },
  CONSTR_ATTR_NOT_DEFERRABLE: { clause: 'NOT DEFERRABLE', deferrable: false },
  CONSTR_ATTR_DEFERRED: { clause: 'INITIALLY DEFERRED', deferrable: true, initiallyDeferred: true },
  CONSTR_ATTR_IMMEDIATE: { clause: 'INITIALLY IMMEDIATE', initiallyDeferred: false },
};

export function constraint(node: PgConstraint, context: ReaderContext): Constraint {
  const position = context.source.position(node.location);
  const common = {
    name: node.conname, deferrable: node.deferrable ?? false, initiallyDeferred: node.initdeferred ?? false, position,
  };
  const range = (word: string): ReturnType<typeof expressionRange> => expressionRange(node.location, word, context);
  switch (node.contype) {
    case 'CONSTR_NULL': return { ...common, kind: 'null' };
    case 'CONSTR_NOTNULL': return { ...common, kind: 'notNull' };
    case 'CONSTR_DEFAULT':
      return { ...common, kind: 'default', expression: expression(node.raw_expr, context), range: range('default') };
    case 'CONSTR_CHECK':
      return {
        ...common, kind: 'check', expression: expression(node.raw_expr, context), range: range('check'),
        notValid: node.skip_validation ?? false,
      };
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      return {
        ...common, kind: node.contype === 'CONSTR_PRIMARY' ? 'primaryKey' : 'unique', columns: names(node.keys),
        include: names(node.including), nullsNotDistinct: node.nulls_not_distinct ?? false,
        usingIndex: node.indexname,
      };
    case 'CONSTR_FOREIGN': return { ...common, ...foreignKey(node, context) };
    case 'CONSTR_GENERATED':
      return {
        ...common, kind: 'generated', expression: expression(node.raw_expr, context),
        stored: node.generated_kind !== 'v', range: range('generated'),
      };
    case 'CONSTR_IDENTITY':
      return {
        ...common, kind: 'identity', always: node.generated_when === 'a', options: options(node.options, context),
      };
    case 'CONSTR_ATTR_ENFORCED':
    case 'CONSTR_ATTR_NOT_ENFORCED': throw refuse('ENFORCED', position);
    case 'CONSTR_EXCLUSION': throw refuse('an exclusion constraint', position);
    default: throw new AssertionError(`unexpected constraint ${node.contype}`);
  }
}

const actions: { readonly [letter: string]: ReferentialAction } = {
  a: 'no action', r: 'restrict', c: 'cascade', n: 'set null', d: 'set default',
};

function foreignKey(node: PgConstraint, context: ReaderContext): Omit<
  Extract<Constraint, { readonly kind: 'foreignKey' }>, 'name' | 'deferrable' | 'initiallyDeferred' | 'position'
> {
  const match = node.fk_matchtype === 'f' ? 'full' : node.fk_matchtype === 'p' ? 'partial' : 'simple';
  return {
    kind: 'foreignKey', columns: names(node.fk_attrs), references: relation(node.pktable, context),
    referencedColumns: names(node.pk_attrs), match, onDelete: actions[node.fk_del_action ?? 'a'] ?? 'no action',
    onDeleteColumns: names(node.fk_del_set_cols), onUpdate: actions[node.fk_upd_action ?? 'a'] ?? 'no action',
    notValid: node.skip_validation ?? false,
  };
}
