// ALTER, RENAME, COMMENT, DROP and GRANT of libpg-query's tree as ours.
import type { AlterDomainStmt, AlterTableCmd, AlterTableStmt, GrantStmt, Node, ObjectType, RenameStmt } from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type { AlterAction, AlterDomain, ObjectKind, Rename } from './ast-definition.ts';
import type { Statement } from './ast-statement.ts';
import { columnDefinition, constraint } from './postgres-column.ts';
import type { DefaultConstraint, SourceRange } from './ast.ts';
import { objectName } from './postgres-definition.ts';
import { expression } from './postgres-expression.ts';
import { names, nameOf, options, refuse, relation, role, typeName, untag } from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { defaultRanges } from './statement-text.ts';

const objectKinds: { readonly [type in ObjectType]?: ObjectKind } = {
  OBJECT_TABLE: 'table', OBJECT_VIEW: 'view', OBJECT_MATVIEW: 'materialized view', OBJECT_INDEX: 'index',
  OBJECT_SEQUENCE: 'sequence', OBJECT_SCHEMA: 'schema', OBJECT_TYPE: 'type', OBJECT_DOMAIN: 'domain',
  OBJECT_FUNCTION: 'function', OBJECT_ROUTINE: 'function', OBJECT_PROCEDURE: 'procedure',
  OBJECT_AGGREGATE: 'aggregate', OBJECT_ROLE: 'role', OBJECT_DATABASE: 'database', OBJECT_COLUMN: 'column',
  OBJECT_TABCONSTRAINT: 'constraint', OBJECT_DOMCONSTRAINT: 'domain constraint', OBJECT_EXTENSION: 'extension',
  OBJECT_TRIGGER: 'trigger', OBJECT_RULE: 'rule', OBJECT_POLICY: 'policy', OBJECT_COLLATION: 'collation',
  OBJECT_CAST: 'cast', OBJECT_OPERATOR: 'operator', OBJECT_SUBSCRIPTION: 'subscription',
  OBJECT_FOREIGN_TABLE: 'foreign table', OBJECT_PUBLICATION: 'publication', OBJECT_TABLESPACE: 'tablespace',
  OBJECT_LANGUAGE: 'language', OBJECT_ATTRIBUTE: 'attribute',
};

/** Sources and sinks went to the grammar as tables and views. */
function objectKind(type: ObjectType | undefined, context: ReaderContext): ObjectKind {
  const kind = type === undefined ? undefined : objectKinds[type];
  if (kind === 'table' && context.marks?.statement.source === true) return 'source';
  if (kind === 'view' && context.marks?.statement.sink === true) return 'sink';
  return kind ?? 'other';
}

export const alterReaders: Readers<Statement> = {
  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterEnumStmt: (node) => {
    const name = names(node.typeName);
    const { oldVal, newVal = '', newValNeighbor: neighbour } = node;
    if (oldVal !== undefined) {
      return {
        kind: 'rename', object: 'type', name, part: { kind: 'value', name: oldVal }, newName: newVal, ifExists: false,
        position: undefined,
      };
    }
    const place = neighbour === undefined ? undefined
      : { kind: node.newValIsAfter === true ? 'after' as const : 'before' as const, neighbour };
    return {
      kind: 'alterEnum', name, value: newVal, ifNotExists: node.skipIfNewValExists ?? false, place,
      position: undefined,
    };
  },
  AlterDomainStmt: (node, context) => ({
    kind: 'alterDomain', name: names(node.typeName), action: domainAction(node, context), position: undefined,
  }),
  AlterSeqStmt: (node, context) => {
    const named = relation(node.sequence, context);
    return {
      kind: 'alterSequence', relation: named, ifExists: node.missing_ok ?? false,
      options: options(node.options, context), position: named.position,
    };
  },
  AlterObjectSchemaStmt: (node, context) => ({
    kind: 'setSchema', object: objectKind(node.objectType, context),
    name: node.object === undefined ? nameOf(node.relation) : objectName(node.object),
    newSchema: node.newschema ?? '', ifExists: node.missing_ok ?? false,
    position: context.source.position(node.relation?.location ?? -1),
  }),
  AlterOwnerStmt: (node, context) => ({
    kind: 'setOwner', object: objectKind(node.objectType, context),
    name: node.object === undefined ? nameOf(node.relation) : objectName(node.object), owner: role(node.newowner),
    position: context.source.position(node.newowner?.location),
  }),
  CommentStmt: (node, context) => ({
    kind: 'comment', object: objectKind(node.objtype, context),
    name: node.object === undefined ? [] : objectName(node.object), text: node.comment, position: undefined,
  }),
  DropStmt: (node, context) => ({
    kind: 'drop', object: objectKind(node.removeType, context), names: (node.objects ?? []).map(objectName),
    ifExists: node.missing_ok ?? false, cascade: node.behavior === 'DROP_CASCADE',
    concurrently: node.concurrent ?? false, position: undefined,
  }),
  DropRoleStmt: (node) => ({
    kind: 'drop', object: 'role', names: (node.roles ?? []).map(objectName), ifExists: node.missing_ok ?? false,
    cascade: false, concurrently: false, position: undefined,
  }),
  DropdbStmt: (node) => ({
    kind: 'drop', object: 'database', names: [[node.dbname ?? '']], ifExists: node.missing_ok ?? false,
    cascade: false, concurrently: false, position: undefined,
  }),
  GrantStmt: grant,
  GrantRoleStmt: (node) => ({
    kind: 'grant', grant: node.is_grant ?? false, object: 'membership', privileges: [],
    names: (node.granted_roles ?? []).map((granted) => [untag(granted, 'AccessPriv').priv_name ?? '']),
    grantees: (node.grantee_roles ?? []).map((grantee) => role(untag(grantee, 'RoleSpec'))),
    cascade: node.behavior === 'DROP_CASCADE', position: undefined,
  }),
};

function grant(node: GrantStmt, context: ReaderContext): Statement {
  if (node.targtype !== 'ACL_TARGET_OBJECT') {
    return { kind: 'unsupported', name: `${node.is_grant === true ? 'GRANT' : 'REVOKE'} ON ALL`, position: undefined };
  }
  return {
    kind: 'grant', grant: node.is_grant ?? false, object: objectKind(node.objtype, context),
    privileges: (node.privileges ?? []).map((privilege) => {
      const { priv_name: name = 'all', cols } = untag(privilege, 'AccessPriv');
      return { name, columns: names(cols) };
    }),
    names: (node.objects ?? []).map(objectName),
    grantees: (node.grantees ?? []).map((grantee) => role(untag(grantee, 'RoleSpec'))),
    cascade: node.behavior === 'DROP_CASCADE', position: undefined,
  };
}

function rename(node: RenameStmt, context: ReaderContext): Rename {
  const { renameType, relationType, subname, newname = '' } = node;
  const parts: { readonly [type in ObjectType]?: 'column' | 'constraint' | 'attribute' } = {
    OBJECT_COLUMN: 'column', OBJECT_TABCONSTRAINT: 'constraint', OBJECT_DOMCONSTRAINT: 'constraint',
    OBJECT_ATTRIBUTE: 'attribute',
  };
  const partKind = renameType === undefined ? undefined : parts[renameType];
  const common = {
    kind: 'rename' as const, newName: newname, ifExists: node.missing_ok ?? false,
    position: context.source.position(node.relation?.location ?? -1),
  };
  const named = node.relation !== undefined ? nameOf(node.relation)
    : node.object !== undefined ? objectName(node.object) : [subname ?? ''];
  if (partKind === undefined) {
    return { ...common, object: objectKind(renameType, context), name: named, part: undefined };
  }
  const owner = renameType === 'OBJECT_TABCONSTRAINT' ? 'OBJECT_TABLE'
    : renameType === 'OBJECT_DOMCONSTRAINT' ? 'OBJECT_DOMAIN'
      : renameType === 'OBJECT_ATTRIBUTE' ? 'OBJECT_TYPE' : relationType;
  const part = { kind: partKind, name: subname ?? '' };
  return { ...common, object: objectKind(owner, context), name: named, part };
}

function alterTable(node: AlterTableStmt, context: ReaderContext): Statement {
  const named = relation(node.relation, context);
  const commands = (node.cmds ?? []).map((command) => untag(command, 'AlterTableCmd'));
  const set = commands.filter((command) => command.subtype === 'AT_ColumnDefault' && command.def !== undefined);
  const ranges = set.length > 0 && context.span !== undefined ? defaultRanges(context.span, context) : [];
  return {
    kind: 'alterTable', object: objectKind(node.objtype, context), relation: named, ifExists: node.missing_ok ?? false,
    only: node.relation?.inh !== true,
    actions: commands.map((command) => alterAction(command, context, ranges[set.indexOf(command)])),
    position: named.position,
  };
}

/** `range`: of the expression behind SET DEFAULT. */
function alterAction(node: AlterTableCmd, context: ReaderContext, range: SourceRange | undefined): AlterAction {
  const column = node.name ?? '';
  const ifExists = node.missing_ok ?? false;
  const cascade = node.behavior === 'DROP_CASCADE';
  const position = undefined;
  switch (node.subtype) {
    case 'AT_AddColumn': {
      const added = columnDefinition(untag(node.def, 'ColumnDef'), context);
      return { kind: 'addColumn', column: added, ifNotExists: ifExists, position: added.position };
    }
    case 'AT_DropColumn': return { kind: 'dropColumn', column, ifExists, cascade, position };
    case 'AT_AlterColumnType': return columnType(node, context);
    case 'AT_ColumnDefault':
      return { kind: 'setDefault', column, value: node.def && defaultOf(node.def, context, range), position };
    case 'AT_SetNotNull': return { kind: 'setNotNull', column, position };
    case 'AT_DropNotNull': return { kind: 'dropNotNull', column, position };
    case 'AT_DropIdentity': return { kind: 'dropIdentity', column, ifExists, position };
    case 'AT_SetIdentity':
      return { kind: 'setIdentity', column, options: options(untag(node.def, 'List').items, context), position };
    case 'AT_DropExpression': return { kind: 'dropExpression', column, position };
    case 'AT_AddIdentity': {
      const identity = untag(node.def, 'Constraint');
      const always = identity.generated_when === 'a';
      return { kind: 'addIdentity', column, always, options: options(identity.options, context), position };
    }
    case 'AT_AddConstraint': {
      const added = constraint(untag(node.def, 'Constraint'), context);
      return { kind: 'addConstraint', constraint: added, position: added.position };
    }
    case 'AT_DropConstraint': return { kind: 'dropConstraint', name: column, ifExists, cascade, position };
    case 'AT_AlterConstraint': {
      const altered = untag(node.def, 'ATAlterConstraint');
      const { conname = '', deferrable = false, initdeferred = false } = altered;
      if (altered.alterInheritability === true) {
        throw new DatabaseError('0A000', 'FOREIGN KEY constraints cannot be marked NO INHERIT');
      }
      if (altered.alterEnforceability === true) throw refuse('ENFORCED', position);
      return { kind: 'alterConstraint', name: conname, deferrable, initiallyDeferred: initdeferred, position };
    }
    case 'AT_ValidateConstraint': return { kind: 'validateConstraint', name: column, position };
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions': {
      const kind = node.subtype === 'AT_SetRelOptions' ? 'setOptions' : 'resetOptions';
      return { kind, options: options(untag(node.def, 'List').items, context), position };
    }
    case 'AT_ChangeOwner':
      return {
        kind: 'setOwner', owner: role(node.newowner), position: context.source.position(node.newowner?.location),
      };
    case 'AT_SetLogged': return { kind: 'setLogged', position };
    case 'AT_SetUnLogged': return { kind: 'setUnlogged', position };
    default: return { kind: 'other', name: actionName(node.subtype), position };
  }
}

function domainAction(node: AlterDomainStmt, context: ReaderContext): AlterDomain['action'] {
  switch (node.subtype) {
    case 'T': {
      const [range] = context.span === undefined ? [] : defaultRanges(context.span, context);
      return { kind: 'setDefault', value: node.def && defaultOf(node.def, context, range) };
    }
    case 'N': return { kind: 'dropNotNull' };
    case 'O': return { kind: 'setNotNull' };
    case 'C': return { kind: 'addConstraint', constraint: constraint(untag(node.def, 'Constraint'), context) };
    case 'X': return { kind: 'dropConstraint', name: node.name ?? '', ifExists: node.missing_ok ?? false };
    case 'V': return { kind: 'validateConstraint', name: node.name ?? '' };
    default: return { kind: 'other', name: node.subtype ?? '' };
  }
}

function defaultOf(node: Node, context: ReaderContext, range: SourceRange | undefined): DefaultConstraint {
  return {
    kind: 'default', expression: expression(node, context), range, name: undefined, deferrable: false,
    initiallyDeferred: false, position: undefined,
  };
}

function columnType(node: AlterTableCmd, context: ReaderContext): AlterAction {
  const definition = untag(node.def, 'ColumnDef');
  return {
    kind: 'setType', column: node.name ?? '', type: typeName(definition.typeName, context),
    collation: definition.collClause === undefined ? undefined : names(definition.collClause.collname),
    using: definition.raw_default === undefined ? undefined : expression(definition.raw_default, context),
    position: context.source.position(definition.location),
  };
}

/** AT_EnableRowSecurity is ENABLE ROW SECURITY. */
function actionName(subtype: string | undefined): string {
  if (subtype === undefined) throw new AssertionError('an ALTER TABLE action has no kind');
  return subtype.slice('AT_'.length).replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase();
}
