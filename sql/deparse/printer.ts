// Printer: what the parts of printing a query as SQL share.
import type { FormatSettings } from '../../engine/data/settings.ts';
import { AssertionError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Trace } from '../binder/trace.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Expr, FromItem, Query, WindowSpecification } from '../parser/ast.ts';
import type { Deparser, DeparseOptions } from '../plan/deparse.ts';
import type { Indentation } from '../plan/indentation.ts';
import type { ItemNames } from './item-names.ts';

export interface PrintOptions {
  readonly catalog: Catalog;
  readonly searchPath: readonly string[];
  /** Every relation with its schema: for text that is to be read again. */
  readonly qualified: boolean;
  /** Parentheses only where they are needed. */
  readonly pretty: boolean;
  /** Lists are broken where lines become longer. */
  readonly wrap: number;
  readonly format: FormatSettings;
  readonly names: DeparseOptions['names'];
}

/** Names that the items of FROM of the queries around have, each with the last number put behind it. */
export interface Frame {
  readonly used: ReadonlyMap<string, number>;
  readonly common: ReadonlySet<string>;
  /** The items of the query's own FROM. */
  readonly own: ReadonlySet<FromItem>;
  /** The query's WINDOW clause. */
  readonly windows: readonly WindowSpecification[];
}

export interface QueryForm {
  /** Names of the output columns where they are not those of the select list. */
  readonly labels: readonly string[] | null;
  /** Whether anybody sees the names of the output columns. */
  readonly visible: boolean;
  readonly frame: Frame;
}

export interface Printer {
  readonly options: PrintOptions;
  readonly trace: Trace;
  readonly lines: Indentation;
  readonly expressions: Deparser;
  readonly items: Map<FromItem, ItemNames>;
  /** The names behind USING, by join. */
  readonly usingNames: Map<FromItem, readonly string[]>;
  /** Of the query whose expressions are printed. */
  frame: Frame;
  query(query: Query, form: QueryForm): string;
}

/** What has no words of PostgreSQL's, or was not noted. */
export class Unprintable extends AssertionError {}

export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Unprintable(`not noted: ${what}`);
  return value;
}

export function boundOf(printer: Printer, e: Expr): Expression {
  return required(printer.trace.bound.get(e), e.kind);
}
