// What the lowering took out of a text, keyed by where it stood, for the reader to put back into the tree.
import type { FormatClause, WatermarkDefinition } from './ast-definition.ts';
import type { Subscribe } from './ast-statement.ts';
import type { Expr, Option, RelationName, StarExpr } from './ast.ts';

/** All keys are offsets in the whole text. */
export interface Marks {
  /** By the start of the star's reference. */
  readonly exclude: ReadonlyMap<number, StarExpr['exclude']>;
  /** By the start of the select's first target. */
  readonly qualify: ReadonlyMap<number, Expr>;
  /** Where ALL of GROUP BY ALL stood. */
  readonly groupByAll: ReadonlySet<number>;
  /** Where ASOF stood. */
  readonly asof: readonly number[];
  /** By the start of the relation's name. */
  readonly systemTime: ReadonlyMap<number, Expr>;
  readonly statement: StatementMarks;
}

/** What belongs to the statement as a whole; undefined or false where the statement does not have it. */
export interface StatementMarks {
  readonly source: boolean;
  readonly sink: boolean;
  readonly watermark: WatermarkDefinition | undefined;
  readonly appendOnly: boolean;
  readonly options: readonly Option[] | undefined;
  readonly format: FormatClause | undefined;
  readonly badRowsTo: RelationName | undefined;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly emitOnWindowClose: boolean;
  readonly lateDataTo: RelationName | undefined;
  readonly replacementFor: RelationName | undefined;
  /** In place of the query of COPY and DECLARE. */
  readonly subscribe: Subscribe | undefined;
  readonly fetchOptions: readonly Option[] | undefined;
  /** Where EMIT ON WINDOW CLOSE or LATE DATA TO begins: the query ends before. */
  readonly tail: number | undefined;
}
