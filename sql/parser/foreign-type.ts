// Types of other dialects as PostgreSQL's of the same values; those without one are refused.
import type { TypeName } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';
import type { ForeignDialect } from './foreign-dialect.ts';

const COMMON: { readonly [name: string]: string } = {
  int: 'int4', integer: 'int4', bigint: 'int8', smallint: 'int2', boolean: 'bool', bool: 'bool', date: 'date',
  decimal: 'numeric', numeric: 'numeric', dec: 'numeric', varchar: 'varchar', char: 'bpchar', character: 'bpchar',
  text: 'text', real: 'float4', double: 'float8', timestamp: 'timestamp', time: 'time', string: 'text',
};

const OWN: { readonly [D in ForeignDialect]: { readonly [name: string]: string | null } } = {
  mysql: {
    tinyint: 'int2', mediumint: 'int4', datetime: 'timestamp', timestamp: 'timestamptz', float: 'float4', real: 'float8',
    tinytext: 'text', mediumtext: 'text', longtext: 'text', signed: 'int8', bool: 'int2', boolean: 'int2', string: null,
    json: 'jsonb',
  },
  mariadb: {
    tinyint: 'int2', mediumint: 'int4', datetime: 'timestamp', timestamp: 'timestamptz', float: 'float4', real: 'float8',
    tinytext: 'text', mediumtext: 'text', longtext: 'text', signed: 'int8', bool: 'int2', boolean: 'int2', string: null,
  },
  flink: { tinyint: 'int2', float: 'float4', timestamp_ltz: 'timestamptz', text: null, string: 'varchar' },
  bigquery: {
    int64: 'int8', int: 'int8', integer: 'int8', bigint: 'int8', smallint: 'int8', tinyint: 'int8', byteint: 'int8',
    float64: 'float8', datetime: 'timestamp', timestamp: 'timestamptz', bytes: 'bytea', real: null, double: null,
    char: null, character: null, varchar: null, text: null,
  },
  snowflake: {
    number: 'numeric', int: 'numeric', integer: 'numeric', bigint: 'numeric', smallint: 'numeric', float: 'float8',
    real: 'float8', datetime: 'timestamp', timestamp_ntz: 'timestamp', timestamp_ltz: 'timestamptz', char: 'varchar',
    character: 'varchar',
  },
  hive: { tinyint: 'int2', float: 'float4', timestamp: 'timestamp' },
  transactsql: {
    tinyint: 'int2', float: 'float8', bit: 'bool', datetime2: 'timestamp', nvarchar: 'varchar', nchar: 'bpchar',
    string: null, timestamp: null, boolean: null, bool: null, double: 'float8', uniqueidentifier: 'uuid',
  },
  sqlite: { string: null, int: 'int8', integer: 'int8', bigint: 'int8', smallint: 'int8', real: 'float8' },
  postgresql: {
    int4: 'int4', int8: 'int8', int2: 'int2', float4: 'float4', float8: 'float8', string: null, timestamptz: 'timestamptz',
    jsonb: 'jsonb', json: 'json', uuid: 'uuid', bytea: 'bytea', interval: 'interval',
  },
};

export function foreignType(cursor: Cursor): TypeName {
  const position = cursor.position();
  const { dialect } = cursor;
  const word = cursor.next('word').value;
  const own = OWN[dialect.name];
  const base = Object.hasOwn(own, word) ? own[word] : Object.hasOwn(COMMON, word) ? COMMON[word] : undefined;
  if (base === undefined || base === null) throw cursor.refuse(`type ${word}`, position);
  if (word === 'signed') cursor.takeIf('integer');
  if (word === 'double') cursor.takeIf('precision');
  let name = base;
  if ((word === 'character' || word === 'char') && cursor.takeIf('varying')) name = 'varchar';
  let modifiers: number[] = [];
  if (cursor.takeIf('(')) {
    do {
      if (cursor.is('max') && name === 'varchar') {
        cursor.at++;
        name = 'text';
      } else modifiers.push(Number(cursor.next('number').value));
    } while (cursor.takeIf(','));
    cursor.take(')');
  }
  // Display widths mean nothing to values.
  if (['int2', 'int4', 'int8'].includes(name)) modifiers = [];
  if (word === 'float' && dialect.name === 'transactsql') modifiers = [];
  if (word === 'string' || name === 'text') {
    if (modifiers.length > 0) throw cursor.refuse(`a length of type ${word}`, position);
  }
  if (cursor.is('unsigned') || cursor.is('zerofill')) throw cursor.refuse('an unsigned type');
  if (cursor.takeIf('with', 'time', 'zone') || cursor.takeIf('with', 'local', 'time', 'zone')) {
    if (name !== 'timestamp') throw cursor.refuse('this time zone', position);
    name = 'timestamptz';
  } else cursor.takeIf('without', 'time', 'zone');
  if (name === 'bpchar' && modifiers.length === 0 && dialect.name !== 'postgresql') {
    if (dialect.name === 'mysql' || dialect.name === 'mariadb') name = 'text';
    else modifiers = [1];
  }
  if (name === 'numeric' && modifiers.length === 0) modifiers = defaultPrecision(dialect.name);
  if (name === 'numeric' && modifiers.length === 1) modifiers = [...modifiers, 0];
  return {
    name: cursor.dialect.name === 'postgresql' && !KEYWORDS.has(word) || PLAIN.has(name) ? [name] : ['pg_catalog', name],
    modifiers,
    arrayDimensions: 0, setOf: false, ofColumn: false, position,
  };
}

/** What PostgreSQL's grammar knows by keyword, it names with its schema. */
const KEYWORDS = new Set(['json', 'int', 'integer', 'bigint', 'smallint', 'boolean', 'decimal', 'numeric', 'dec', 'varchar',
  'char', 'character', 'real', 'double', 'float', 'timestamp', 'time', 'interval']);
const PLAIN = new Set(['text', 'uuid', 'date']);

/** DECIMAL alone has no bounds in PostgreSQL; elsewhere it is an integer of so many digits. */
function defaultPrecision(dialect: ForeignDialect): number[] {
  switch (dialect) {
    case 'mysql': case 'mariadb': case 'flink': case 'hive': return [10, 0];
    case 'transactsql': return [18, 0];
    case 'snowflake': return [38, 0];
    default: return [];
  }
}
