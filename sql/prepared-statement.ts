// PreparedStatement: a parsed statement under a name, bound once a catalog version, and its parameters' decoding.
import { decodeBinary } from '../engine/data/binary-format.ts';
import type { Datum } from '../engine/data/datum.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { parseText } from '../engine/data/text-format.ts';
import { formatType } from '../engine/data/type-info.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { shortAscii } from '../engine/data/utf8.ts';
import { sameKind } from '../engine/data/types.ts';
import type { DeclaredParameters } from './binder/environment.ts';
import { typeOfEntry } from './binder/type-name.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { ParsedStatement } from './parser/ast-statement.ts';
import type { BindRequest, BoundParameter, ResultColumn } from './session-api.ts';
import type { SessionState } from './session-state.ts';
import type { BoundStatement } from './statement/bound.ts';
import { mapType } from './statement/domain-use.ts';
import { readCatalog } from './statement/read-catalog.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Binding {
  readonly catalogVersion: number;
  readonly searchPath: readonly string[];
  readonly bound: BoundStatement;
}

export class PreparedStatement {
  readonly name: string;
  /** null: an empty query string. */
  readonly parsed: ParsedStatement | null;
  readonly text: string;
  /** Made by PREPARE, not by Parse. */
  readonly fromSql: boolean;
  readonly #declared: DeclaredParameters;
  readonly #prepareTime: bigint;
  #binding: Binding | null = null;
  #columns: readonly ResultColumn[] | null | undefined;
  #parameters: readonly LogicalType[] | undefined;

  constructor(options: {
    readonly name: string; readonly text: string; readonly parsed: ParsedStatement | null;
    readonly declared: DeclaredParameters; readonly fromSql: boolean; readonly prepareTime: bigint;
  }) {
    this.name = options.name;
    this.text = options.text;
    this.parsed = options.parsed;
    this.fromSql = options.fromSql;
    this.#declared = options.declared;
    this.#prepareTime = options.prepareTime;
  }

  /**
   * The statement as it is to be run now. 0A000 when its columns are no longer those that were told to the client.
   */
  bind(state: SessionState): BoundStatement | null {
    if (this.parsed === null) return null;
    const { searchPath } = state;
    const cached = this.#binding;
    const { catalog } = state;
    if (cached !== null && cached.bound.cacheable && cached.catalogVersion === catalog.version
      && cached.searchPath === searchPath && state.transaction?.hasCatalogChanges !== true
      && readCatalog(state) === catalog) {
      return cached.bound;
    }
    const bound = state.bindStatement(this.parsed.statement, state, {
      text: this.text, declared: this.#declared && (this.#parameters ?? this.#declared).map((t) => t && asDefined(catalog, t)),
    });
    this.#checkColumns(bound);
    this.#parameters ??= bound.parameters;
    this.#binding = { catalogVersion: catalog.version, searchPath, bound };
    return bound;
  }

  #checkColumns(bound: BoundStatement): void {
    if (this.#columns === undefined) {
      this.#columns = bound.columns;
      return;
    }
    requireSameColumns(this.#columns, bound.columns);
  }

  info(): {
    name: string; statement: string; prepareTime: bigint; parameterTypes: readonly LogicalType[]; fromSql: boolean;
  } {
    return {
      name: this.name, statement: this.text, prepareTime: this.#prepareTime,
      parameterTypes: this.#parameters ?? [], fromSql: this.fromSql,
    };
  }
}

/** A type made by users as it is now: an enum may have come to other labels. */
function asDefined(catalog: Catalog, type: LogicalType): LogicalType {
  return mapType(type, (own) => {
    const entry = 'oid' in own && own.oid !== undefined ? catalog.get(own.oid) : null;
    return entry?.kind === 'type' ? typeOfEntry(entry) : own;
  });
}

/** 0A000 when a statement bound anew has others than those that were told to the client. */
export function requireSameColumns(
  before: readonly ResultColumn[] | null, now: readonly ResultColumn[] | null,
): void {
  const same = before?.length === now?.length
    && (before ?? []).every((c, i) => c.name === now?.[i].name && sameKind(c.type, now[i].type));
  if (!same) throw new DatabaseError('0A000', 'cached plan must not change result type');
}

/** Bind's values as datums; 22P02 and its kin name the parameter as PostgreSQL's error context does. */
export function decodeParameters(
  state: SessionState, types: readonly LogicalType[],
  { statement, portal, parameters: values }: Pick<BindRequest, 'statement' | 'portal' | 'parameters'>,
): readonly Datum[] {
  if (values.length !== types.length) {
    throw new DatabaseError('08P01', `bind message supplies ${values.length} parameters, but prepared statement `
      + `"${statement}" requires ${types.length}`);
  }
  return values.map((value, i) => {
    try {
      return decodeParameter(state, types[i], value, i);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const where = parameterContext(portal, i, value);
      throw error.with({ where });
    }
  });
}

/** Which parameter it was. Its text is not told, since logs may keep it: log_parameter_max_length_on_error is 0. */
function parameterContext(portal: string, index: number, { bytes, format }: BoundParameter): string {
  const text = format === 1 || bytes === null ? '' : bytes.length === 0 ? " = ''" : " = '...'";
  return `${portal === '' ? 'unnamed portal' : `portal "${portal}"`} parameter $${index + 1}${text}`;
}

function decodeParameter(state: SessionState, type: LogicalType, value: BoundParameter, index: number): Datum {
  if (value.bytes === null) return null;
  if (value.format === 1) {
    try {
      return decodeBinary(type, value.bytes);
    } catch (error) {
      // PostgreSQL's words for a value whose length does not fit.
      if (error instanceof DatabaseError && error.code === '22P03'
        && error.message === 'incorrect binary data format') {
        throw new DatabaseError('22P03', `incorrect binary data format in bind parameter ${index + 1}`);
      }
      throw error;
    }
  }
  let text: string;
  try {
    text = shortAscii(value.bytes, 0, value.bytes.length) ?? decoder.decode(value.bytes);
  } catch {
    throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8"');
  }
  if (text.includes('\u0000')) throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  if (type.kind === 'unknown') return text;
  return parseText(type, text, state.settings.format, { names: state.names, now: state.transactionTime });
}

/** For messages: `integer, text`. */
export function typeList(types: readonly LogicalType[]): string {
  return types.map(formatType).join(', ');
}
