// The syntax tree of statements: definitions and commands, and the union of all; see ast.ts for positions and ranges.
import type {
  ColumnDefinition, Constraint, Delete, Expr, IndexElement, Insert, Merge, Name, Option, Persistence, Position, Query,
  RelationName, SourceRange, TypeName, Update,
} from './ast.ts';

interface At { readonly position: Position }

/** WATERMARK FOR column AS expression; `range` is the expression's text. */
export interface WatermarkDefinition extends At {
  readonly column: string;
  readonly expression: Expr;
  readonly range: SourceRange;
  /** For the first reader, where another one has read the statement. */
  readonly text?: string;
}

export interface LikeClause extends At { readonly relation: RelationName; readonly including: readonly LikeOption[] }
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
  /** `expression` undefined: DROP DEFAULT. */
  | (At & { readonly kind: 'setDefault'; readonly column: string; readonly expression: Expr | undefined })
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
    | { readonly kind: 'setDefault'; readonly value: (Constraint & { readonly kind: 'default' }) | undefined }
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

export interface Truncate extends At {
  readonly kind: 'truncate';
  readonly tables: readonly TableReference[];
  readonly restartIdentity: boolean;
  readonly cascade: boolean;
}

export interface TableReference { readonly relation: RelationName; readonly only: boolean }

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

// ---- commands ----------------------------------------------------------------------------------------------------

/** FROM (`direction` in) and TO (out); `source` is STDIN or STDOUT, a server file, or a program. */
export interface Copy extends At {
  readonly kind: 'copy';
  readonly direction: 'in' | 'out';
  readonly relation: RelationName | undefined;
  readonly columns: readonly string[];
  readonly query: Query | Insert | Update | Delete | Merge | Subscribe | undefined;
  readonly source: { readonly kind: 'client' } | { readonly kind: 'file' | 'program'; readonly name: string };
  readonly options: readonly Option[];
  readonly where: Expr | undefined;
}

export interface Explain extends At {
  readonly kind: 'explain';
  readonly options: readonly Option[];
  readonly statement: Statement;
  readonly range: SourceRange;
}

export interface TransactionModes {
  readonly isolation: 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | undefined;
  readonly readOnly: boolean | undefined;
  readonly deferrable: boolean | undefined;
}

export type TransactionStatement =
  /** `start`: written START TRANSACTION, which is also its tag. */
  | (At & { readonly kind: 'begin'; readonly start: boolean; readonly modes: TransactionModes })
  | (At & { readonly kind: 'commit' | 'rollback'; readonly chain: boolean })
  | (At & { readonly kind: 'savepoint' | 'releaseSavepoint' | 'rollbackTo'; readonly name: string })
  /** `names` undefined: ALL. */
  | (At & { readonly kind: 'setConstraints'; readonly names: readonly RelationName[] | undefined; readonly deferred: boolean })
  | (At & { readonly kind: 'prepareTransaction' | 'commitPrepared' | 'rollbackPrepared'; readonly id: string })
  | (At & { readonly kind: 'setTransaction'; readonly scope: 'transaction' | 'session';
      readonly modes: TransactionModes; readonly snapshot: string | undefined });

/** A value of SET as written; of kind interval only in SET TIME ZONE INTERVAL '..'. */
export interface SettingValue {
  readonly kind: 'string' | 'number' | 'interval';
  readonly text: string;
}

/** SET name = values; `values` undefined: TO DEFAULT. Names are lower-case; SET TIME ZONE is `timezone`. */
export interface SetSetting extends At {
  readonly kind: 'set';
  readonly name: string;
  readonly values: readonly SettingValue[] | undefined;
  readonly local: boolean;
}

/** `values` undefined: DEFAULT, or RESET. `name` undefined: RESET ALL. */
export interface AlterSystem extends At {
  readonly kind: 'alterSystem';
  readonly name: string | undefined;
  readonly values: readonly SettingValue[] | undefined;
}

/** `name` undefined: ALL. */
export interface ShowSetting extends At { readonly kind: 'show' | 'reset'; readonly name: string | undefined }

export interface DeclareCursor extends At {
  readonly kind: 'declareCursor';
  readonly name: string;
  readonly query: Query | Subscribe;
  readonly binary: boolean;
  readonly scroll: boolean | undefined;
  readonly insensitive: boolean;
  readonly hold: boolean;
}

/** FETCH and MOVE. `count` undefined: ALL; for absolute and relative it is the position. */
export interface Fetch extends At {
  readonly kind: 'fetch';
  readonly move: boolean;
  readonly cursor: string;
  readonly direction: 'forward' | 'backward' | 'absolute' | 'relative';
  readonly count: number | undefined;
  /** FETCH .. WITH (timeout = '1s'). */
  readonly options: readonly Option[];
}

/** `name` undefined: ALL. */
export interface CloseCursor extends At {
  readonly kind: 'closeCursor' | 'deallocate';
  readonly name: string | undefined;
}

export interface Prepare extends At {
  readonly kind: 'prepare';
  readonly name: string;
  readonly parameterTypes: readonly TypeName[];
  readonly statement: Statement;
  readonly range: SourceRange;
}

export interface Execute extends At {
  readonly kind: 'execute';
  readonly name: string;
  readonly arguments: readonly Expr[];
}

export interface Discard extends At {
  readonly kind: 'discard';
  readonly target: 'all' | 'plans' | 'sequences' | 'temp';
}

/** UNLISTEN * has no channel. */
export interface Listen extends At { readonly kind: 'listen' | 'unlisten'; readonly channel: string | undefined }
export interface Notify extends At {
  readonly kind: 'notify';
  readonly channel: string;
  readonly payload: string;
}

export interface Lock extends At {
  readonly kind: 'lock';
  readonly tables: readonly TableReference[];
  /** As in the manual: `access exclusive`. */
  readonly mode: string;
  readonly nowait: boolean;
}

export interface Maintain extends At {
  readonly kind: 'vacuum' | 'analyze';
  readonly options: readonly Option[];
  readonly tables: readonly { readonly relation: RelationName; readonly columns: readonly string[] }[];
}

/** BACKUP TO 'folder'. */
export interface Backup extends At { readonly kind: 'backup'; readonly folder: string }
export interface Plain extends At { readonly kind: 'checkpoint' | 'flush' }

export interface RefreshView extends At {
  readonly kind: 'refreshMaterializedView';
  readonly relation: RelationName;
  readonly concurrently: boolean;
  readonly withData: boolean;
}

/** SUBSCRIBE TO relation | (query). `key` of ENVELOPE UPSERT (KEY (..)); `asOf` an epoch. */
export interface Subscribe extends At {
  readonly kind: 'subscribe';
  readonly relation: RelationName | undefined;
  readonly query: Query | undefined;
  readonly options: readonly Option[];
  readonly upsertKey: readonly string[] | undefined;
  readonly asOf: Expr | undefined;
}

/** Something PostgreSQL's grammar knows and we have no statement for: `name` is its command tag. */
export interface Unsupported extends At { readonly kind: 'unsupported'; readonly name: string }

export type Statement =
  | Query | Insert | Update | Delete | Merge | Truncate | Copy
  | CreateTable | CreateTableAs | CreateSource | CreateSink | CreateView | CreateMaterializedView | CreateIndex
  | CreateSchema | CreateSequence | CreateEnum | CreateCompositeType | CreateDomain | CreateRole | CreateDatabase
  | CreateExtension
  | AlterTable | AlterSequence | AlterEnum | AlterDomain | Rename | SetSchema | SetOwner | Swap | ApplyReplacement
  | Comment | Drop | Grant
  | Explain | TransactionStatement | SetSetting | AlterSystem | ShowSetting
  | DeclareCursor | Fetch | CloseCursor | Prepare | Execute | Discard
  | Listen | Notify | Lock | Maintain | Plain | Backup | RefreshView | Subscribe | Unsupported;

/**
 * One statement of a text. `text` is its own slice, `location` where it starts (offset in UTF-16 units); positions in
 * `statement` count from the start of the whole text, as PostgreSQL's do.
 */
export interface ParsedStatement {
  readonly statement: Statement;
  readonly text: string;
  readonly location: number;
}
