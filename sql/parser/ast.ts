// The syntax tree: our own Statement, Query and Expr unions, independent of any parser.
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType } from '../../engine/data/types.ts';
//
// `position` is PostgreSQL's: the 1-based character (code point) in the whole text given to parse(); undefined where no
// text stands for the node. `start`/`end` are offsets for String.slice into that same text (UTF-16 units).
// Identifiers are as the catalog knows them: folded and unquoted. Optional parts are present and undefined.

export type Position = number | undefined;

/** A possibly qualified name, outermost part first: `[schema, name]`. */
export type Name = readonly string[];

/** A possibly qualified relation. */
export interface RelationName {
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  readonly name: string;
  readonly position: Position;
}

/**
 * A type as written. Built-in spellings come out as PostgreSQL names them: `int` is `[pg_catalog, int4]`.
 * For interval, `modifiers` are PostgreSQL's range mask (INTERVAL_FULL_RANGE = 32767) and then the precision.
 */
export interface TypeName {
  readonly name: Name;
  readonly modifiers: readonly (number | string)[];
  readonly arrayDimensions: number;
  readonly setOf: boolean;
  /** `table.column%TYPE`. */
  readonly ofColumn: boolean;
  readonly position: Position;
}

// ---- expressions --------------------------------------------------------------------------------------------------

interface At { readonly position: Position }
interface Unary extends At { readonly operand: Expr }

export type Expr =
  | ColumnExpr | StarExpr | FunctionExpr | CastExpr | OperatorExpr | SubqueryExpr | AssignedExpr | ByTypeExpr
  | (At & { readonly kind: 'null' })
  | (At & { readonly kind: 'boolean'; readonly value: boolean })
  /** Decimal text, a folded minus in front: the binder makes int4, int8 or numeric of it, as PostgreSQL does. */
  | (At & { readonly kind: 'number'; readonly text: string })
  /** A string constant of type unknown, escapes undone. */
  | (At & { readonly kind: 'string'; readonly value: string })
  | (At & { readonly kind: 'bitString'; readonly base: 2 | 16; readonly digits: string })
  | (At & { readonly kind: 'parameter'; readonly number: number })
  | (At & { readonly kind: 'logical'; readonly operator: 'and' | 'or'; readonly operands: readonly Expr[] })
  | (Unary & { readonly kind: 'not' })
  | (Unary & { readonly kind: 'is'; readonly test: 'null' | 'true' | 'false' | 'unknown'; readonly negated: boolean })
  | (At & { readonly kind: 'isDistinct'; readonly left: Expr; readonly right: Expr; readonly negated: boolean })
  | (Unary & { readonly kind: 'between'; readonly low: Expr; readonly high: Expr;
      readonly symmetric: boolean; readonly negated: boolean })
  | (Unary & { readonly kind: 'inList'; readonly list: readonly Expr[]; readonly negated: boolean })
  | (Unary & { readonly kind: 'like'; readonly variant: 'like' | 'ilike' | 'similar'; readonly pattern: Expr;
      readonly escape: Expr | undefined; readonly negated: boolean })
  | (At & { readonly kind: 'case'; readonly operand: Expr | undefined; readonly branches: readonly CaseBranch[];
      readonly otherwise: Expr | undefined })
  | (At & { readonly kind: 'coalesce'; readonly arguments: readonly Expr[] })
  | (At & { readonly kind: 'nullif'; readonly left: Expr; readonly right: Expr })
  | (At & { readonly kind: 'extremum'; readonly function: 'greatest' | 'least'; readonly arguments: readonly Expr[] })
  | (At & { readonly kind: 'array'; readonly elements: readonly Expr[] })
  /** `explicit`: written ROW(..). Fields may be stars. */
  | (At & { readonly kind: 'row'; readonly fields: readonly Expr[]; readonly explicit: boolean })
  | (Unary & { readonly kind: 'subscript'; readonly subscripts: readonly Subscript[] })
  | (Unary & { readonly kind: 'field'; readonly name: string })
  | (Unary & { readonly kind: 'fieldStar' })
  | (Unary & { readonly kind: 'collate'; readonly collation: Name })
  /** current_date and its like; `function` is the lower-case keyword, `precision` that of current_timestamp(p). */
  | (At & { readonly kind: 'sqlValue'; readonly function: SqlValueFunction; readonly precision: number | undefined })
  | (At & { readonly kind: 'grouping'; readonly arguments: readonly Expr[] })
  /** DEFAULT in VALUES of an INSERT or in SET. */
  | (At & { readonly kind: 'default' })
  | (At & { readonly kind: 'currentOf'; readonly cursor: string })
  /** Never written: a value in hand. */
  | (At & { readonly kind: 'value'; readonly type: LogicalType; readonly value: Datum });

export type SqlValueFunction =
  | 'current_date' | 'current_time' | 'current_timestamp' | 'localtime' | 'localtimestamp'
  | 'current_role' | 'current_user' | 'user' | 'session_user' | 'current_catalog' | 'current_schema';

/** `a`, `t.a`, `s.t.a`, `db.s.t.a`. May turn out to be a whole-row reference, or an attribute of a composite. */
export interface ColumnExpr extends At { readonly kind: 'column'; readonly name: Name }

/** `*`, `t.*`, `s.t.*`; `exclude` are the columns of EXCLUDE (..). */
export interface StarExpr extends At {
  readonly kind: 'star';
  readonly qualifier: Name;
  readonly exclude: readonly { readonly name: string; readonly position: Position }[];
}

/** `CAST(x AS t)`, `x::t`, and the typed literal `t 'x'`, which PostgreSQL does not tell apart. */
export interface CastExpr extends Unary { readonly kind: 'cast'; readonly type: TypeName }

/** `position` is the operator's own. `schema` from OPERATOR(schema.op). */
export type OperatorExpr =
  | (At & { readonly kind: 'binary'; readonly operator: string; readonly schema: string | undefined;
      readonly left: Expr; readonly right: Expr })
  | (Unary & { readonly kind: 'unary'; readonly operator: string; readonly schema: string | undefined })
  /** `operand op ANY|ALL (array)`. */
  | (Unary & { readonly kind: 'quantifiedArray'; readonly operator: string; readonly schema: string | undefined;
      readonly quantifier: 'any' | 'all'; readonly array: Expr });

/** NOT IN (query) is `not` around `inSubquery`, as in PostgreSQL. */
export type SubqueryExpr =
  | (At & { readonly kind: 'scalarSubquery' | 'exists' | 'arraySubquery'; readonly query: Query })
  | (Unary & { readonly kind: 'inSubquery'; readonly query: Query })
  | (Unary & { readonly kind: 'quantified'; readonly operator: string; readonly schema: string | undefined;
      readonly quantifier: 'any' | 'all'; readonly query: Query });

export interface CaseBranch extends At { readonly condition: Expr; readonly result: Expr }

export type Subscript =
  | { readonly kind: 'index'; readonly index: Expr }
  | { readonly kind: 'slice'; readonly lower: Expr | undefined; readonly upper: Expr | undefined };

/**
 * Never written: what an operator or call of another dialect means where all operands are integers, where they are numbers
 * of other types too, and else. `asOperand`: the value of `integers` has the type of the first operand.
 */
export interface ByTypeExpr extends At {
  readonly kind: 'byType';
  readonly operands: readonly Expr[];
  readonly integers: Expr;
  readonly asOperand: boolean;
  readonly numbers: Expr;
  readonly otherwise: Expr;
}

/** Never written: a column's value with what stands at the path replaced, as SET column[subscript].field = value means. */
export interface AssignedExpr extends Unary {
  readonly kind: 'assigned';
  readonly column: string;
  readonly path: Assignment['path'];
  readonly value: Expr;
}

export interface Argument extends At { readonly name: string | undefined; readonly value: Expr }

/**
 * A function, aggregate or window call. Special syntax becomes PostgreSQL's own call, `sqlSyntax` set:
 * EXTRACT(f FROM x) is pg_catalog.extract('f', x), `x AT TIME ZONE z` pg_catalog.timezone(z, x), and so on.
 */
export interface FunctionExpr extends At {
  readonly kind: 'function';
  readonly name: Name;
  readonly arguments: readonly Argument[];
  /** `count(*)`. */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly variadic: boolean;
  /** ORDER BY inside the call, or of WITHIN GROUP. */
  readonly orderBy: readonly SortKey[];
  readonly withinGroup: boolean;
  readonly filter: Expr | undefined;
  readonly over: WindowSpecification | undefined;
  readonly sqlSyntax: boolean;
}

export interface SortKey extends At {
  readonly expression: Expr;
  readonly direction: 'asc' | 'desc' | 'default';
  readonly nulls: 'first' | 'last' | 'default';
  /** USING operator, with its schema if written. */
  readonly using: Name | undefined;
}

/** `name`: of a WINDOW clause entry, or OVER name. `base`: the window that OVER (base ..) copies. */
export interface WindowSpecification extends At {
  readonly name: string | undefined;
  readonly base: string | undefined;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortKey[];
  readonly frame: WindowFrame | undefined;
}

export interface WindowFrame {
  readonly mode: 'rows' | 'range' | 'groups';
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclusion: 'none' | 'current row' | 'group' | 'ties';
  /** Both bounds are written. */
  readonly between?: true;
}

export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'currentRow' | 'unboundedFollowing' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Expr };

// ---- queries ------------------------------------------------------------------------------------------------------

export interface SourceRange { readonly start: number; readonly end: number }

/** A past moment, as written: a number's digits or a string's content. */
export interface AsOf { readonly kind: 'epoch' | 'timestamp'; readonly text: string; readonly position: number | undefined }

/** A SELECT, VALUES, TABLE or set operation with what surrounds it. Bounds of LIMIT: ALL is NULL. */
export interface Query extends At {
  readonly kind: 'query';
  readonly with: WithClause | undefined;
  readonly body: QueryBody;
  readonly orderBy: readonly SortKey[];
  readonly limit: Expr | undefined;
  readonly withTies: boolean;
  readonly offset: Expr | undefined;
  readonly locking: readonly LockingClause[];
  /** AS OF EPOCH n or TIMESTAMP '..', of a query that is a statement. */
  readonly asOf?: AsOf;
  /** The exact text, for queries that are a statement or the body of one (CREATE VIEW .. AS); else undefined. */
  readonly range: SourceRange | undefined;
}

export type QueryBody = Select | Values | SetOperation;

export interface Select extends At {
  readonly kind: 'select';
  /** 'all': plain DISTINCT; a list: DISTINCT ON. */
  readonly distinct: 'all' | readonly Expr[] | undefined;
  readonly targets: readonly Target[];
  readonly from: readonly FromItem[];
  readonly where: Expr | undefined;
  readonly groupBy: readonly GroupItem[];
  readonly groupDistinct: boolean;
  /** GROUP BY ALL. */
  readonly groupByAll: boolean;
  readonly having: Expr | undefined;
  readonly windows: readonly WindowSpecification[];
  readonly qualify: Expr | undefined;
  /** SELECT .. INTO. */
  readonly into: IntoClause | undefined;
}

export interface Values extends At { readonly kind: 'values'; readonly rows: readonly (readonly Expr[])[] }

export interface SetOperation extends At {
  readonly kind: 'setOperation';
  readonly operator: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
}

export interface Target extends At { readonly expression: Expr; readonly alias: string | undefined }

export type GroupItem =
  | { readonly kind: 'expression'; readonly expression: Expr }
  | (At & { readonly kind: 'empty' })
  /** Each item is a set; an expression of kind row stands for several columns at once. */
  | (At & { readonly kind: 'rollup' | 'cube'; readonly items: readonly Expr[] })
  | (At & { readonly kind: 'sets'; readonly items: readonly GroupItem[] });

export interface LockingClause {
  readonly strength: 'key share' | 'share' | 'no key update' | 'update';
  readonly tables: readonly RelationName[];
  readonly wait: 'block' | 'skip' | 'error';
}

export interface WithClause extends At { readonly recursive: boolean; readonly tables: readonly CommonTable[] }

export interface CommonTable extends At {
  readonly name: string;
  readonly columns: readonly string[];
  readonly materialized: boolean | undefined;
  readonly statement: Query | Insert | Update | Delete | Merge;
  readonly search: (At & { readonly breadthFirst: boolean; readonly columns: readonly string[];
    readonly sequence: string }) | undefined;
  readonly cycle: (At & { readonly columns: readonly string[]; readonly mark: string; readonly value: Expr;
    readonly otherwise: Expr; readonly path: string }) | undefined;
}

export interface Alias {
  readonly name: string;
  readonly columns: readonly string[];
  /** Never written: there are just so many columns, as SET (a, b) = (SELECT ..) demands; where it says so. */
  readonly exactly?: { readonly position: Position };
}

export type FromItem = TableItem | SubqueryItem | FunctionItem | WindowItem | JoinItem;

export interface TableItem extends At {
  readonly kind: 'table';
  readonly relation: RelationName;
  readonly only: boolean;
  readonly alias: Alias | undefined;
  /** FOR SYSTEM_TIME AS OF expression. */
  readonly asOf: Expr | undefined;
  readonly sample?: At & {
    readonly method: Name; readonly arguments: readonly Expr[]; readonly repeatable: Expr | undefined;
  };
  /** Never written: of a view that is written to, the columns of its table to bring along, by attribute number. */
  readonly base?: readonly number[];
  /** Never written: a name of its own, which reaches through the aliases of joins. */
  readonly key?: string;
}

export interface SubqueryItem extends At {
  readonly kind: 'subquery';
  readonly query: Query;
  readonly lateral: boolean;
  readonly alias: Alias | undefined;
  /** Its last columns are for who knows their names, under a name that nothing hides: the rows that are locked. */
  readonly kept?: { readonly key: string; readonly count: number };
}

/** A set-returning call, or several in ROWS FROM (..). */
export interface FunctionItem extends At {
  readonly kind: 'functions';
  readonly calls: readonly { readonly call: Expr; readonly columns: readonly ColumnDefinition[] }[];
  readonly rowsFrom: boolean;
  readonly lateral: boolean;
  readonly ordinality: boolean;
  readonly alias: Alias | undefined;
}

export type WindowFunction = 'tumble' | 'hop' | 'session' | 'cumulate';

/**
 * tumble(t, ts, size [, offset]), hop(t, ts, slide, size), session(t, ts [, key ..], gap), cumulate(t, ts, step, size),
 * and Flink's TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), ..)). `arguments` are those after time and keys.
 */
export interface WindowItem extends At {
  readonly kind: 'window';
  readonly window: WindowFunction;
  readonly input: TableItem | SubqueryItem;
  readonly time: Expr;
  readonly keys: readonly Expr[];
  readonly arguments: readonly Argument[];
  readonly lateral: boolean;
  readonly alias: Alias | undefined;
}

export interface JoinItem extends At {
  readonly kind: 'join';
  readonly join: 'inner' | 'left' | 'right' | 'full' | 'cross';
  readonly natural: boolean;
  readonly asof: boolean;
  readonly left: FromItem;
  readonly right: FromItem;
  readonly on: Expr | undefined;
  readonly using: readonly string[] | undefined;
  readonly usingAlias: string | undefined;
  /** Of a join in parentheses. */
  readonly alias: Alias | undefined;
}

export type Persistence = 'permanent' | 'temporary' | 'unlogged';

export interface IntoClause {
  readonly relation: RelationName;
  readonly columns: readonly string[];
  readonly persistence: Persistence;
}

// ---- pieces of definitions that queries use, too ------------------------------------------------------------------

/** name = value in WITH (..), COPY's, EXPLAIN's and FORMAT/ENCODE's lists; a bare name has no value. */
export interface Option extends At { readonly name: string; readonly value: OptionValue | undefined }

export type OptionValue =
  | { readonly kind: 'string' | 'number'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string; readonly position?: Position }
  | { readonly kind: 'star' }
  | { readonly kind: 'list'; readonly items: readonly OptionValue[] };

export interface ColumnDefinition extends At {
  readonly name: string;
  readonly type: TypeName;
  readonly collation: (At & { readonly name: Name }) | undefined;
  readonly constraints: readonly Constraint[];
}

interface Constrained extends At {
  readonly name: string | undefined;
  readonly deferrable: boolean;
  readonly initiallyDeferred: boolean;
}

export interface DefaultConstraint extends Constrained {
  readonly kind: 'default';
  readonly expression: Expr;
  readonly range: SourceRange | undefined;
}

/** Constraints of a column (`columns` then empty) and of a table; `range` is the expression's own text. */
export type Constraint =
  | (Constrained & { readonly kind: 'null' | 'notNull' })
  | DefaultConstraint
  | (Constrained & { readonly kind: 'check'; readonly expression: Expr; readonly range: SourceRange | undefined;
      readonly notValid: boolean })
  | (Constrained & { readonly kind: 'primaryKey' | 'unique'; readonly columns: readonly string[];
      readonly include: readonly string[]; readonly nullsNotDistinct: boolean;
      readonly usingIndex: string | undefined })
  | (Constrained & { readonly kind: 'foreignKey'; readonly columns: readonly string[];
      readonly references: RelationName; readonly referencedColumns: readonly string[];
      readonly match: 'simple' | 'full' | 'partial';
      readonly onDelete: ReferentialAction; readonly onDeleteColumns: readonly string[];
      readonly onUpdate: ReferentialAction; readonly notValid: boolean })
  | (Constrained & { readonly kind: 'generated'; readonly expression: Expr; readonly stored: boolean;
      readonly range: SourceRange | undefined })
  | (Constrained & { readonly kind: 'identity'; readonly always: boolean; readonly options: readonly Option[] });

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

/** A column or an expression, with how it is ordered; also ON CONFLICT's inference elements. */
export interface IndexElement extends At {
  readonly column: string | undefined;
  readonly expression: Expr | undefined;
  readonly collation: Name | undefined;
  readonly operatorClass: Name | undefined;
  readonly direction: 'asc' | 'desc' | 'default';
  readonly nulls: 'first' | 'last' | 'default';
}

// ---- changing data ------------------------------------------------------------------------------------------------

/** One of SET: `column[subscript].field = value`. */
export interface Assignment extends At {
  readonly column: string;
  readonly path: readonly (Subscript | { readonly kind: 'field'; readonly name: string })[];
  readonly value: Expr;
  /** For (a, b, ..) = value: this column's place in the row, from 0, and how many there are. */
  readonly multiple: { readonly index: number; readonly count: number } | undefined;
}

export interface InsertColumn extends At { readonly name: string; readonly path: Assignment['path'] }

export interface Insert extends At {
  readonly kind: 'insert';
  readonly with: WithClause | undefined;
  readonly relation: RelationName;
  readonly alias: string | undefined;
  readonly columns: readonly InsertColumn[];
  readonly overriding: 'system' | 'user' | undefined;
  /** undefined: DEFAULT VALUES. */
  readonly source: Query | undefined;
  readonly onConflict: OnConflict | undefined;
  readonly returning: readonly Target[];
}

export interface OnConflict extends At {
  readonly target: (At & { readonly elements: readonly IndexElement[]; readonly where: Expr | undefined;
    readonly constraint: string | undefined }) | undefined;
  readonly action: 'nothing' | 'update';
  readonly set: readonly Assignment[];
  readonly where: Expr | undefined;
}

export interface Update extends At {
  readonly kind: 'update';
  readonly with: WithClause | undefined;
  readonly table: TableItem;
  readonly set: readonly Assignment[];
  readonly from: readonly FromItem[];
  readonly where: Expr | undefined;
  readonly returning: readonly Target[];
}

export interface Delete extends At {
  readonly kind: 'delete';
  readonly with: WithClause | undefined;
  readonly table: TableItem;
  readonly using: readonly FromItem[];
  readonly where: Expr | undefined;
  readonly returning: readonly Target[];
}

export interface Merge extends At {
  readonly kind: 'merge';
  readonly with: WithClause | undefined;
  readonly table: TableItem;
  readonly source: FromItem;
  readonly on: Expr;
  readonly clauses: readonly MergeClause[];
}

export interface MergeClause {
  readonly match: 'matched' | 'not matched';
  readonly condition: Expr | undefined;
  readonly action:
    | { readonly kind: 'nothing' | 'delete' }
    | { readonly kind: 'update'; readonly set: readonly Assignment[] }
    /** `values` empty: DEFAULT VALUES. */
    | { readonly kind: 'insert'; readonly columns: readonly InsertColumn[]; readonly values: readonly Expr[];
        readonly overriding: 'system' | 'user' | undefined };
}
