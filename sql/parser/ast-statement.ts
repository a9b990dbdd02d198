// The syntax tree of commands, and the union of all statements; see ast.ts for positions and ranges.
import type { DatabaseError } from '../../engine/data/error.ts';
import type {
  Delete, Expr, Insert, Merge, Option, Position, Query, RelationName, SourceRange, TypeName, Update,
} from './ast.ts';
import type {
  AlterDomain, AlterEnum, AlterSequence, AlterTable, ApplyReplacement, Comment, CreateCompositeType, CreateDatabase,
  CreateDomain, CreateEnum, CreateExtension, CreateIndex, CreateMaterializedView, CreateRange, CreateRole, CreateSchema,
  CreateSequence, CreateSink, CreateSource, CreateTable, CreateTableAs, CreateView, Drop, Grant, Rename, SetOwner, SetSchema,
  Swap,
} from './ast-definition.ts';

interface At { readonly position: Position }

export interface Truncate extends At {
  readonly kind: 'truncate';
  readonly tables: readonly TableReference[];
  readonly restartIdentity: boolean;
  readonly cascade: boolean;
}

export interface TableReference { readonly relation: RelationName; readonly only: boolean }

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
  | CreateSchema | CreateSequence | CreateEnum | CreateRange | CreateCompositeType | CreateDomain | CreateRole | CreateDatabase
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
  /** Why PostgreSQL would not read it though the grammar does: refused but where it was kept before it was refused. */
  readonly refusal?: DatabaseError | undefined;
}
