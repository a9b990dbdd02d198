// The syntax tree of definitions and alterations: CREATE, ALTER, RENAME, COMMENT, DROP, GRANT; see ast.ts for positions.
import type {
  ColumnDefinition, Constraint, DefaultConstraint, Expr, IndexElement, Name, Option, Persistence, Position, Query,
  RelationName, SourceRange, TypeName,
} from './ast.ts';
import type { Execute, Statement } from './ast-statement.ts';

interface At { readonly position: Position }

/** WATERMARK FOR column AS expression; `range` is the expression's text. */
export interface WatermarkDefinition extends At {
  readonly column: string;
  readonly expression: Expr;
  readonly range: SourceRange;
  /** For the first reader, where another one has read the statement. */
  readonly text?: string;
}

export interface LikeClause extends At {
  readonly relation: RelationName;
  readonly including: readonly LikeOption[];
  /** How many of the table's column definitions stand before it. */
  readonly after: number;
}
export type LikeOption = 'comments' | 'compression' | 'constraints' | 'defaults' | 'generated' | 'identity'
  | 'indexes' | 'statistics' | 'storage';

export interface CreateTable extends At {
  readonly kind: 'createTable';
  readonly relation: RelationName;
  readonly persistence: Persistence;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly Constraint[];
  readonly like: readonly LikeClause[];
  readonly inherits: readonly RelationName[];
  readonly watermark: WatermarkDefinition | undefined;
  readonly appendOnly: boolean;
  readonly options: readonly Option[];
  readonly onCommit: 'preserve' | 'delete' | 'drop';
}

export interface CreateTableAs extends At {
  readonly kind: 'createTableAs';
  readonly relation: RelationName;
  readonly persistence: Persistence;
  readonly ifNotExists: boolean;
  readonly columnNames: readonly string[];
  readonly options: readonly Option[];
  readonly onCommit: CreateTable['onCommit'];
  readonly query: Query | Execute;
  readonly withData: boolean;
}

/** FORMAT DEBEZIUM ENCODE JSON (..): names in upper case as written in the manual, options of either. */
export interface FormatClause extends At {
  readonly format: string;
  readonly formatOptions: readonly Option[];
  readonly encode: string;
  readonly encodeOptions: readonly Option[];
}

export interface CreateSource extends At {
  readonly kind: 'createSource';
  readonly relation: RelationName;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly Constraint[];
  readonly watermark: WatermarkDefinition | undefined;
  readonly appendOnly: boolean;
  readonly options: readonly Option[];
  readonly format: FormatClause | undefined;
  readonly badRowsTo: RelationName | undefined;
}

export interface CreateSink extends At {
  readonly kind: 'createSink';
  readonly relation: RelationName;
  readonly ifNotExists: boolean;
  /** FROM relation, or AS query. */
  readonly from: RelationName | undefined;
  readonly query: Query | undefined;
  readonly options: readonly Option[];
  readonly format: FormatClause | undefined;
}

export interface CreateView extends At {
  readonly kind: 'createView';
  readonly relation: RelationName;
  readonly persistence: Persistence;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columnNames: readonly string[];
  readonly options: readonly Option[];
  readonly query: Query;
  readonly checkOption: 'local' | 'cascaded' | undefined;
  /** RECURSIVE: the text at `query.range` is that of the WITH query of the view's own name that `query` reads. */
  readonly recursive: boolean;
}

/** `query.range` is the text to store: without EMIT ON WINDOW CLOSE, LATE DATA TO and WITH [NO] DATA. */
export interface CreateMaterializedView extends At {
  readonly kind: 'createMaterializedView';
  readonly relation: RelationName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columnNames: readonly string[];
  readonly options: readonly Option[];
  readonly query: Query;
  readonly withData: boolean;
  readonly emitOnWindowClose: boolean;
  readonly lateDataTo: RelationName | undefined;
  /** CREATE REPLACEMENT MATERIALIZED VIEW .. FOR relation. */
  readonly replacementFor: RelationName | undefined;
}

export interface CreateIndex extends At {
  readonly kind: 'createIndex';
  readonly name: string | undefined;
  readonly relation: RelationName;
  readonly method: string;
  readonly unique: boolean;
  readonly concurrently: boolean;
  readonly ifNotExists: boolean;
  readonly elements: readonly IndexElement[];
  readonly include: readonly string[];
  readonly nullsNotDistinct: boolean;
  readonly options: readonly Option[];
  readonly where: Expr | undefined;
}

/** What ALTER, COMMENT, DROP and RENAME are about, as PostgreSQL words it. */
export type ObjectKind =
  | 'table' | 'view' | 'materialized view' | 'index' | 'sequence' | 'schema' | 'type' | 'domain' | 'function'
  | 'procedure' | 'aggregate' | 'role' | 'database' | 'column' | 'constraint' | 'domain constraint' | 'extension' | 'trigger'
  | 'rule' | 'policy' | 'collation' | 'cast' | 'operator' | 'source' | 'sink' | 'subscription' | 'secret' | 'foreign table'
  | 'publication' | 'tablespace' | 'language' | 'attribute' | 'other';

export interface CreateSchema extends At {
  readonly kind: 'createSchema';
  /** undefined: AUTHORIZATION names it. */
  readonly name: string | undefined;
  readonly authorization: string | undefined;
  readonly ifNotExists: boolean;
  readonly elements: readonly Statement[];
}

export interface CreateSequence extends At {
  readonly kind: 'createSequence';
  readonly relation: RelationName;
  readonly persistence: Persistence;
  readonly ifNotExists: boolean;
  readonly options: readonly Option[];
}

export interface CreateEnum extends At {
  readonly kind: 'createEnum';
  readonly name: Name;
  readonly labels: readonly string[];
}

/** CREATE TYPE .. AS RANGE; the value of a parameter is a name of some kind, read as a type's; undefined: none is written. */
export interface CreateRange extends At {
  readonly kind: 'createRange';
  readonly name: Name;
  readonly parameters: readonly (At & { readonly name: string; readonly value: TypeName | undefined })[];
}

export interface CreateCompositeType extends At {
  readonly kind: 'createCompositeType';
  readonly relation: RelationName;
  readonly columns: readonly ColumnDefinition[];
}

export interface CreateDomain extends At {
  readonly kind: 'createDomain';
  readonly name: Name;
  readonly type: TypeName;
  readonly collation: Name | undefined;
  readonly constraints: readonly Constraint[];
}

/** CREATE ROLE, USER and GROUP; option names as PostgreSQL's tree has them: superuser, canlogin, password ... */
export interface CreateRole extends At {
  readonly kind: 'createRole' | 'alterRole';
  readonly name: string;
  readonly word: 'role' | 'user' | 'group';
  readonly options: readonly Option[];
}

export interface CreateDatabase extends At {
  readonly kind: 'createDatabase';
  readonly name: string;
  readonly options: readonly Option[];
}

export interface CreateExtension extends At {
  readonly kind: 'createExtension';
  readonly name: string;
  readonly ifNotExists: boolean;
}

export interface AlterTable extends At {
  readonly kind: 'alterTable';
  readonly object: ObjectKind;
  readonly relation: RelationName;
  readonly ifExists: boolean;
  readonly only: boolean;
  readonly actions: readonly AlterAction[];
}

export type AlterAction =
  | (At & { readonly kind: 'addColumn'; readonly column: ColumnDefinition; readonly ifNotExists: boolean })
  | (At & { readonly kind: 'dropColumn'; readonly column: string; readonly ifExists: boolean;
      readonly cascade: boolean })
  | (At & { readonly kind: 'setType'; readonly column: string; readonly type: TypeName;
      readonly collation: Name | undefined; readonly using: Expr | undefined })
  /** `value` undefined: DROP DEFAULT. */
  | (At & { readonly kind: 'setDefault'; readonly column: string; readonly value: DefaultConstraint | undefined })
  | (At & { readonly kind: 'setNotNull' | 'dropNotNull' | 'dropExpression'; readonly column: string })
  | (At & { readonly kind: 'dropIdentity'; readonly column: string; readonly ifExists: boolean })
  | (At & { readonly kind: 'setIdentity'; readonly column: string; readonly options: readonly Option[] })
  | (At & { readonly kind: 'addIdentity'; readonly column: string; readonly always: boolean;
      readonly options: readonly Option[] })
  | (At & { readonly kind: 'addConstraint'; readonly constraint: Constraint })
  | (At & { readonly kind: 'dropConstraint'; readonly name: string; readonly ifExists: boolean;
      readonly cascade: boolean })
  | (At & { readonly kind: 'validateConstraint'; readonly name: string })
  | (At & { readonly kind: 'alterConstraint'; readonly name: string; readonly deferrable: boolean;
      readonly initiallyDeferred: boolean })
  | (At & { readonly kind: 'setOptions' | 'resetOptions'; readonly options: readonly Option[] })
  | (At & { readonly kind: 'setOwner'; readonly owner: string })
  | (At & { readonly kind: 'setLogged' | 'setUnlogged' })
  /** ALTER VIEW v SET/DROP of what we carry no meaning for: named, so that the answer can name it. */
  | (At & { readonly kind: 'other'; readonly name: string });

/** ALTER .. RENAME; `part` is the column or constraint, when that is what gets the new name. */
export interface Rename extends At {
  readonly kind: 'rename';
  readonly object: ObjectKind;
  /** A relation's or other object's name. */
  readonly name: Name;
  readonly part: { readonly kind: 'column' | 'constraint' | 'attribute' | 'value'; readonly name: string } | undefined;
  readonly newName: string;
  readonly ifExists: boolean;
}

export interface SetSchema extends At {
  readonly kind: 'setSchema';
  readonly object: ObjectKind;
  readonly name: Name;
  readonly newSchema: string;
  readonly ifExists: boolean;
}

/** ALTER SCHEMA, TYPE ... OWNER TO; of relations it is an AlterAction. `owner` may be current_user and its like. */
export interface SetOwner extends At {
  readonly kind: 'setOwner';
  readonly object: ObjectKind;
  readonly name: Name;
  readonly owner: string;
}

export interface AlterSequence extends At {
  readonly kind: 'alterSequence';
  readonly relation: RelationName;
  readonly ifExists: boolean;
  readonly options: readonly Option[];
}

/** ALTER TYPE .. ADD VALUE. */
export interface AlterEnum extends At {
  readonly kind: 'alterEnum';
  readonly name: Name;
  readonly value: string;
  readonly ifNotExists: boolean;
  readonly place: { readonly kind: 'before' | 'after'; readonly neighbour: string } | undefined;
}

export interface AlterDomain extends At {
  readonly kind: 'alterDomain';
  readonly name: Name;
  readonly action:
    /** `value` undefined: DROP DEFAULT. */
    | { readonly kind: 'setDefault'; readonly value: DefaultConstraint | undefined }
    | { readonly kind: 'setNotNull' | 'dropNotNull' }
    | { readonly kind: 'addConstraint'; readonly constraint: Constraint }
    | { readonly kind: 'dropConstraint'; readonly name: string; readonly ifExists: boolean }
    | { readonly kind: 'validateConstraint'; readonly name: string }
    | { readonly kind: 'other'; readonly name: string };
}

/** ALTER x a SWAP WITH b. */
export interface Swap extends At {
  readonly kind: 'swap';
  readonly object: ObjectKind;
  readonly relation: RelationName;
  readonly other: RelationName;
}

/** ALTER MATERIALIZED VIEW v APPLY REPLACEMENT r. */
export interface ApplyReplacement extends At {
  readonly kind: 'applyReplacement';
  readonly relation: RelationName;
  readonly replacement: RelationName;
}

/** `name` ends in the column's (constraint's ..) own name for these kinds. text undefined: IS NULL. */
export interface Comment extends At {
  readonly kind: 'comment';
  readonly object: ObjectKind;
  readonly name: Name;
  readonly text: string | undefined;
}

export interface Drop extends At {
  readonly kind: 'drop';
  readonly object: ObjectKind;
  readonly names: readonly Name[];
  readonly ifExists: boolean;
  readonly cascade: boolean;
  readonly concurrently: boolean;
}

/** GRANT and REVOKE, of privileges or of roles; `all` privileges when the list is empty. */
export interface Grant extends At {
  readonly kind: 'grant';
  readonly grant: boolean;
  readonly object: ObjectKind | 'membership';
  readonly privileges: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly names: readonly Name[];
  readonly grantees: readonly string[];
  readonly cascade: boolean;
}
