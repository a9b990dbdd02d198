// CatalogEntry: everything that has a name and an OID; plain data that survives JSON, so that it can be journaled.
import type { Batch } from '../../engine/data/batch.ts';
import type { FormatSettings } from '../../engine/data/settings.ts';
import type { Column, LogicalType, TypeIdentity } from '../../engine/data/types.ts';
import type { DatabaseError } from '../../engine/data/error.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { JournalStatus, StorageStatistics } from '../../engine/runtime/contract.ts';
import type { PageCacheStatistics } from '../../engine/state/page-cache.ts';

/** Object identifiers are never reused; those below 16384 are PostgreSQL's own (system relations, built-in types). */
export const FIRST_USER_OID = 16384;

/** Temporary schemas are named by this and the session's process. */
export const TEMPORARY_SCHEMA = 'pg_temp_';

export function isTemporary(schema: string): boolean {
  return schema.startsWith(TEMPORARY_SCHEMA);
}

export const PG_CATALOG_OID = 11;
export const PG_TOAST_OID = 99;
export const PUBLIC_OID = 2200;
export const INFORMATION_SCHEMA_OID = 13301;
export const POSTGRES_ROLE_OID = 10;
export const MILLRACE_ROLE_OID = 16000;

/** What every entry has. `owner`: a role's OID. */
interface EntryCommon {
  readonly oid: number;
  readonly name: string;
  readonly owner: number;
  readonly comment: string | null;
  readonly acl: readonly Grant[];
}

/** An entry inside a schema, named by the schema's name (a renamed schema rewrites its entries). */
interface SchemaObject extends EntryCommon {
  readonly schema: string;
}

/** One role's privileges on an object; role 0 is PUBLIC. `privileges` in PostgreSQL's letters, e.g. `arwdDxt`. */
export interface Grant {
  readonly grantee: number;
  readonly grantor: number;
  readonly privileges: string;
  readonly grantable: string;
}

/**
 * A column. Its place in the stored rows is `attnum - 1`, for ever: a dropped column stays in the rows (as NULL in new
 * ones) and in this list, so that numbers held by views, indexes and constraints never move.
 */
export interface ColumnEntry {
  readonly name: string;
  /** 1-based, never reused. */
  readonly attnum: number;
  readonly type: LogicalType;
  /** Name of its collation, where that is not its type's. */
  readonly collation?: string;
  readonly notNull: boolean;
  /** Text of the default expression, or of the generation expression when `generated`; null without. */
  readonly defaultText: string | null;
  readonly generated: boolean;
  readonly identity: 'always' | 'by default' | null;
  /** OIDs of the relations, sequences first of all, that constants of the default name. Absent: none. */
  readonly defaultReads?: readonly number[];
  /** OID of the sequence that a serial or identity column owns. */
  readonly sequence: number | null;
  readonly dropped: boolean;
  /** Key of an index on an expression or over part of the table: to all else a dropped column, but computed and stored. */
  readonly hidden?: true;
  /** How rows of the type before the last ALTER COLUMN TYPE become this one: an expression over the columns there were. */
  readonly conversion?: {
    /** Counts the conversions of the column. */
    readonly serial: number;
    /** When it was, µs since 1970 UTC. */
    readonly time: bigint;
    readonly expression: string; readonly format: FormatSettings; readonly searchPath: readonly string[];
    /** Instead of the expression: types in it are others than before. */
    readonly labels?: readonly LabelChange[] | LabelChange;
  };
  /** Value, as text, of rows that are older than the column; null: they have NULL. */
  readonly missing: string | null;
  readonly comment: string | null;
}

/** An enum or a row type is another. `renamed` null: labels have come to be, none has gone. */
export interface LabelChange {
  readonly oid: number;
  readonly renamed: { readonly from: string; readonly to: string } | null;
  /** Of a row type: the place that each of its fields had; null: it is new. */
  readonly fields?: readonly (number | null)[];
}

export interface KeyConstraint {
  readonly kind: 'primary' | 'unique';
  readonly oid: number;
  readonly name: string;
  /** Attribute numbers in key order. */
  readonly columns: readonly number[];
  /** OID of the IndexEntry behind it. */
  readonly index: number;
  readonly comment: string | null;
  /** As its index has it. */
  readonly nullsNotDistinct?: boolean;
  /** Absent: no. */
  readonly deferrable?: boolean;
  readonly initiallyDeferred?: boolean;
}
export interface CheckConstraint {
  readonly kind: 'check';
  readonly oid: number;
  readonly name: string;
  readonly expression: string;
  /** Attribute numbers the expression mentions. */
  readonly columns: readonly number[];
  readonly comment: string | null;
  /** NOT VALID: rows that were there have not been looked at. */
  readonly notValid?: true;
}
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
export interface ForeignConstraint {
  readonly kind: 'foreign';
  readonly oid: number;
  readonly name: string;
  readonly columns: readonly number[];
  readonly target: number;
  readonly targetColumns: readonly number[];
  readonly onDelete: ReferentialAction;
  /** Those that SET NULL or SET DEFAULT sets. Absent: all. */
  readonly onDeleteColumns?: readonly number[];
  readonly onUpdate: ReferentialAction;
  readonly matchFull: boolean;
  readonly comment: string | null;
  /** As of a check. */
  readonly notValid?: true;
  /** Absent: no. */
  readonly deferrable?: boolean;
  readonly initiallyDeferred?: boolean;
}
export type ConstraintEntry = KeyConstraint | CheckConstraint | ForeignConstraint;

/** May it be violated until the transaction ends? */
export function isDeferrable(constraint: ConstraintEntry): boolean {
  return constraint.kind !== 'check' && constraint.deferrable === true;
}

/** Is it, unless the transaction says otherwise? */
export function isInitiallyDeferred(constraint: ConstraintEntry): boolean {
  return constraint.kind !== 'check' && constraint.initiallyDeferred === true;
}

/** WATERMARK FOR column AS expression, as text over the relation's columns. */
export interface WatermarkEntry {
  /** Attribute number of the event-time column. */
  readonly column: number;
  readonly expression: string;
}

export interface TableEntry extends SchemaObject {
  readonly kind: 'table';
  readonly columns: readonly ColumnEntry[];
  readonly constraints: readonly ConstraintEntry[];
  readonly watermark: WatermarkEntry | null;
  readonly appendOnly: boolean;
  /** Of a temporary table; absent: its rows outlive the transaction. */
  readonly onCommit?: 'delete' | 'drop';
  readonly options: Readonly<Record<string, string>>;
  /** OID of the row type. */
  readonly rowType: number;
}

/** FORMAT .. ENCODE .., upper-case words as written, with their options. */
export interface SourceFormat {
  readonly format: string;
  readonly encode: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface SourceEntry extends SchemaObject {
  readonly kind: 'source';
  readonly columns: readonly ColumnEntry[];
  readonly constraints: readonly ConstraintEntry[];
  readonly watermark: WatermarkEntry | null;
  readonly connector: string;
  /** WITH options, `connector` included. */
  readonly options: Readonly<Record<string, string>>;
  readonly format: SourceFormat | null;
  readonly rowType: number;
}

/** What a view's text meant when it was created. */
export interface ViewSettings {
  readonly format: FormatSettings;
  readonly searchPath: readonly string[];
  /** The setting sql_dialect; absent: postgres. */
  readonly dialect?: string;
  /** Absent: as it is by default. Kept, because the state of operators is of one plan. */
  readonly optimizer?: OptimizerSettings;
  /** Row types whose fields the query makes columns of, by `.*` or in FROM, and how many they had. Absent: none was noted. */
  readonly rowWidths?: readonly { readonly type: number; readonly fields: number }[];
}

/** The settings optimizer_disable and optimizer_seed. */
export interface OptimizerSettings {
  readonly disable: string;
  readonly seed: number;
}

/** `columns`: attribute numbers used, empty when the object, a relation or a constraint, is used as a whole. */
export interface Dependency {
  readonly oid: number;
  readonly columns: readonly number[];
}

export interface MaterializedViewEntry extends SchemaObject {
  readonly kind: 'materialized-view';
  /** SQL text of the query, EMIT clause not included. */
  readonly query: string;
  readonly columns: readonly ColumnEntry[];
  readonly emit: 'changes' | 'window-close';
  readonly settings: ViewSettings;
  readonly dependencies: readonly Dependency[];
  readonly options: Readonly<Record<string, string>>;
  readonly rowType: number;
}

export interface ViewEntry extends SchemaObject {
  readonly kind: 'view';
  readonly query: string;
  readonly columns: readonly ColumnEntry[];
  readonly settings: ViewSettings;
  readonly dependencies: readonly Dependency[];
  readonly options: Readonly<Record<string, string>>;
  readonly rowType: number;
}

/** What is not plain columns in an index, as text over the table's columns. */
export interface IndexDefinitionText {
  /** By key column; null: it is a column. */
  readonly elements: readonly (string | null)[];
  /** The attribute numbers of those that are columns; 0 for expressions. */
  readonly plain: readonly number[];
  readonly where: string | null;
  /** Attribute numbers of the columns that they mention. */
  readonly reads: readonly number[];
}

export interface IndexEntry extends SchemaObject {
  readonly kind: 'index';
  /** Absent: all its keys are columns, and all rows are in it. */
  readonly definition?: IndexDefinitionText;
  /** OID of the table, source or materialized view. */
  readonly table: number;
  /** Attribute numbers in key order. */
  readonly columns: readonly number[];
  readonly include: readonly number[];
  readonly descending: readonly boolean[];
  readonly nullsFirst: readonly boolean[];
  /** Names of the collations of keys that are not of their own; null: it is. Absent: all are. */
  readonly collations?: readonly (string | null)[];
  readonly unique: boolean;
  /** If it is unique, NULL equals NULL. Absent: no. */
  readonly nullsNotDistinct?: boolean;
  readonly primary: boolean;
  /** OID of the constraint that owns it. */
  readonly constraint: number | null;
}

/** Definition only; the running value is the sequence store's. */
export interface SequenceEntry extends SchemaObject {
  readonly kind: 'sequence';
  readonly type: LogicalType;
  readonly start: bigint;
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  /** OWNED BY; `identity`: made by an identity column, cannot be dropped alone. */
  readonly ownedBy: { readonly table: number; readonly column: number; readonly identity: boolean } | null;
}

export interface SchemaEntry extends EntryCommon {
  readonly kind: 'schema';
}

export interface EnumDefinition {
  readonly kind: 'enum';
  readonly labels: readonly string[];
  /** pg_enum.enumsortorder of each; absent: they are counted from 1. */
  readonly places?: readonly number[];
}

export interface DomainDefinition {
  readonly kind: 'domain';
  readonly base: LogicalType;
  /** Name of its collation, where that is not the base's. */
  readonly collation?: string;
  readonly notNull: boolean;
  readonly defaultText: string | null;
  readonly checks: readonly {
    readonly oid: number; readonly name: string; readonly expression: string;
    /** NOT VALID: rows that were there have not been looked at. */
    readonly notValid?: true;
  }[];
}

/** Where a function that makes values of a type is: it stays there, whatever the type is called later. */
export interface ConstructorName {
  readonly schema: string;
  readonly name: string;
}

export interface RangeDefinition {
  readonly kind: 'range';
  readonly bound: LogicalType;
  readonly multirange: TypeIdentity;
  readonly constructedBy: ConstructorName;
  /** OIDs of the collation of the bounds, of the btree operator class that orders them, and of the SUBTYPE_DIFF; 0: none. */
  readonly collation: number;
  readonly operatorClass: number;
  readonly difference: number;
}

export interface MultirangeDefinition {
  readonly kind: 'multirange';
  readonly bound: LogicalType;
  readonly range: TypeIdentity;
  readonly constructedBy: ConstructorName;
}

export interface TypeEntry extends SchemaObject {
  readonly kind: 'type';
  readonly definition:
    | EnumDefinition
    | DomainDefinition
    | { readonly kind: 'composite'; readonly fields: readonly Column[] }
    | RangeDefinition
    | MultirangeDefinition;
  readonly arrayType: number;
}

export interface RoleEntry extends EntryCommon {
  readonly kind: 'role';
  readonly superuser: boolean;
  readonly login: boolean;
  readonly inherit: boolean;
  readonly createRole: boolean;
  readonly createDatabase: boolean;
  readonly replication: boolean;
  readonly bypassRowSecurity: boolean;
  readonly connectionLimit: number;
  readonly validUntil: string | null;
  /** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, null: no password set. */
  readonly password: string | null;
  readonly memberOf: readonly number[];
}

/** Entries that hold or yield rows a query can name. */
export type StoredEntry = TableEntry | SourceEntry | MaterializedViewEntry;
export type QueryableEntry = StoredEntry | ViewEntry;
/** Entries in the name space of relations (pg_class). */
export type RelationEntry = QueryableEntry | IndexEntry | SequenceEntry;
export type CatalogEntry = RelationEntry | SchemaEntry | TypeEntry | RoleEntry;

export interface SessionInfo {
  readonly processId: number;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  readonly remote: { readonly address: string; readonly port: number } | null;
  readonly state: 'active' | 'idle' | 'idle in transaction' | 'idle in transaction (aborted)';
  readonly query: string;
  /** µs since 1970 UTC; null: not happening. */
  readonly backendStart: bigint;
  readonly transactionStart: bigint | null;
  readonly queryStart: bigint | null;
  readonly stateChange: bigint;
}

export interface SettingInfo {
  readonly name: string;
  readonly value: string;
  readonly unit: string | null;
  readonly category: string;
  readonly description: string;
  readonly context: string;
  readonly type: string;
  readonly source: string;
  readonly min: string | null;
  readonly max: string | null;
  readonly enumValues: readonly string[] | null;
  readonly bootValue: string;
  readonly resetValue: string;
}

/** What a system relation may look at to make its rows. */
export interface SystemContext {
  readonly catalog: import('./catalog.ts').Catalog;
  readonly functions: FunctionRegistry;
  readonly database: string;
  readonly user: string;
  readonly searchPath: readonly string[];
  readonly format: FormatSettings;
  readonly startTime: bigint;
  /** Of the transaction. */
  readonly now: bigint;
  readonly sessions: () => readonly SessionInfo[];
  readonly settings: () => readonly SettingInfo[];
  readonly rowCount: (relation: number) => number;
  /** Errors that rows of a view raise, with the number of the rows. */
  readonly viewErrors: (relation: number) => readonly { readonly error: DatabaseError; readonly weight: number }[];
  readonly memory: () => PageCacheStatistics;
  readonly storage: () => StorageStatistics;
  readonly journal: () => JournalStatus | null;
  /** `oldest` null: no past moments are kept. */
  readonly epochs: () => { readonly newest: number; readonly oldest: number | null };
  readonly stateSize: (relation: number) => { readonly rows: number; readonly bytes: number };
  /** A stored expression as PostgreSQL prints it, over the columns of a relation. */
  readonly printed: (text: string, options: { readonly relation: number; readonly pretty: boolean }) => string;
  /** A view's query as PostgreSQL prints it. */
  readonly viewText: (
    view: ViewEntry | MaterializedViewEntry, options: { readonly pretty: boolean; readonly wrap: number },
  ) => string;
  /** What may be done to a view as to its table: the sum of 4 UPDATE, 8 INSERT, 16 DELETE; and which columns may be set. */
  readonly writable: (view: ViewEntry) => { readonly events: number; readonly columns: ReadonlySet<number> };
  readonly sequence: (oid: number) => { readonly last: bigint; readonly called: boolean; readonly ahead: bigint };
  readonly preparedStatements: () => readonly {
    readonly name: string; readonly statement: string; readonly prepareTime: bigint;
    readonly parameterTypes: readonly LogicalType[]; readonly fromSql: boolean;
  }[];
  readonly cursors: () => readonly {
    readonly name: string; readonly statement: string; readonly holdable: boolean;
    readonly scrollable: boolean; readonly creationTime: bigint;
  }[];
  readonly locks: () => readonly {
    readonly relation: number | string; readonly processId: number; readonly mode: string; readonly granted: boolean;
  }[];
}

/** A relation of pg_catalog or information_schema: rows made on the spot, in `columns`' order. */
export interface SystemRelation {
  readonly kind: 'system';
  readonly schema: 'pg_catalog' | 'information_schema';
  readonly name: string;
  readonly oid: number;
  /** As pg_class.relkind shows it. */
  readonly relationKind: 'r' | 'v';
  /** OIDs of the types of its rows and of arrays of them. */
  readonly rowType: number;
  readonly arrayType: number;
  readonly columns: readonly Column[];
  readonly rows: (context: SystemContext) => Batch;
}

/** Columns that exist, in order. */
export function liveColumns(columns: readonly ColumnEntry[]): readonly ColumnEntry[] {
  return columns.every((c) => !c.dropped) ? columns : columns.filter((c) => !c.dropped);
}

/** The collation of a column as that of another one. */
export function ownCollation({ collation }: Pick<Column, 'collation'>): Pick<Column, 'collation'> {
  return collation === undefined ? {} : { collation };
}

/** A column with nothing special about it. */
export function plainColumn(name: string, attnum: number, type: LogicalType): ColumnEntry {
  return {
    name, attnum, type, notNull: false, defaultText: null, generated: false, identity: null, sequence: null,
    dropped: false, missing: null, comment: null,
  };
}
