// The types the comparison uses, and literals of them: few distinct values, so that keys meet and groups change; some at the edges.
import type { Random } from '../support/random.ts';

const SQL_TYPES = {
  int4: ['int', 'smallint', 'posint'], int8: ['bigint'], numeric: ['numeric', 'numeric(12,3)'], float8: ['float8', 'real'],
  text: ['text', 'varchar(12)', 'char(5)'], boolean: ['boolean'], date: ['date'], timestamp: ['timestamp'], timestamptz: ['timestamptz'],
  interval: ['interval'], time: ['time'], uuid: ['uuid'], bytea: ['bytea'], jsonb: ['jsonb'], 'int4[]': ['int[]'], 'text[]': ['text[]'],
  mood: ['mood'], int4range: ['int4range'], daterange: ['daterange'], int4multirange: ['int4multirange'],
  inet: ['inet', 'cidr'], macaddr: ['macaddr'], macaddr8: ['macaddr8'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ColumnType = keyof typeof SQL_TYPES;

export const ALL_TYPES: readonly ColumnType[] = Object.keys(SQL_TYPES).filter((t): t is ColumnType => t in SQL_TYPES);
/** Types of our own, that every case has. */
export const OWN_TYPES: readonly string[] = [
  "CREATE TYPE mood AS ENUM ('sad', 'ok', 'Glad', '')", 'CREATE DOMAIN posint AS int CHECK (VALUE > -3)',
];
export const NUMBERS: readonly ColumnType[] = ['int4', 'int8', 'numeric', 'float8'];

export function sqlTypes(type: ColumnType): readonly string[] {
  return SQL_TYPES[type];
}

/** A value for a column of that SQL type, one in seven times NULL. */
export function columnValue(random: Random, type: ColumnType, sqlType: string, nulls = true): string {
  if (nulls && random.bool(0.15)) return 'NULL';
  return plainLiteral(random, type, sqlType);
}

/** A literal that has its type wherever it stands. */
export function literalOf(random: Random, type: ColumnType): string {
  if (random.bool(0.05)) return `NULL::${SQL_TYPES[type][0]}`;
  const value = plainLiteral(random, type, SQL_TYPES[type][0]);
  if (type === 'int4' || type === 'boolean') return value.startsWith('-') ? `(${value})` : value;
  if (type === 'numeric' && !value.startsWith('\'')) return `${value}::numeric`;
  if (type === 'text') return random.bool(0.5) ? value : `${value}::text`;
  return `${value}::${SQL_TYPES[type][0]}`.replace(/^-(.*)$/, '(-$1)');
}

function plainLiteral(random: Random, type: ColumnType, sqlType: string): string {
  const rare = random.bool(0.08);
  // PostgreSQL meets what is wrong row by row: a statement is not to have faults of two kinds.
  if (sqlType === 'posint') return String(random.int(-2, 6));
  switch (type) {
    case 'int4': return sqlType === 'smallint'
      ? String(rare ? random.pick([-32768, 32767]) : random.int(-2, 5))
      : String(rare ? random.pick([-2147483648, 2147483647]) : random.int(-3, 8));
    case 'int8': return rare
      ? random.pick(['\'-9223372036854775808\'', '9223372036854775807', '9007199254740993']) : String(random.int(-3, 8));
    case 'numeric': return rare && sqlType === 'numeric'
      ? random.pick(['\'NaN\'', '123456789012345678901234567890.123456789', '-0.00', '0.000000001', '\'Infinity\'', '\'-Infinity\''])
      : random.pick(['0', '1', '1.0', '1.50', '-2.25', '3', '7.125', '100']);
    case 'float8': return rare ? random.pick(['\'NaN\'', '\'Infinity\'', '\'-0\'', '\'-Infinity\'']) : String(random.int(-8, 24) / 4);
    case 'text': return random.pick(['\'a\'', '\'b\'', '\'B\'', '\'ab\'', '\'\'', '\'ä\'', '\'z z\'', '\'a \'', '\'7\'']);
    case 'boolean': return random.pick(['true', 'false']);
    case 'date': return `'${rare ? random.pick(['infinity', '0001-01-01', '1999-12-31'])
      : `2024-0${random.int(1, 4)}-${random.int(27, 29)}`}'`;
    case 'timestamp': return `'${rare ? random.pick(['-infinity', '1969-12-31 23:59:59.999999'])
      : `2024-01-0${random.int(1, 3)} ${random.int(10, 13)}:${random.int(10, 59)}:00`}'`;
    case 'timestamptz': return `'${rare ? random.pick(['infinity', '1900-01-01 00:00:00+00'])
      : random.pick(['2024-01-31', '2024-03-31', '2024-03-10', '2024-10-27']) + ` 0${random.int(1, 3)}:30:00`
        + random.pick(['+00', '+02', '-05', ' Europe/Berlin', ' Asia/Kolkata'])}'`;
    case 'interval': return random.pick(['\'1 day\'', '\'24 hours\'', '\'1 mon\'', '\'30 days\'', '\'-1:30\'', '\'0\'', '\'1 year 2 mons -3 days\'']);
    case 'time': return random.pick(['\'08:00\'', '\'12:30:15.5\'', '\'23:59:59.999999\'', '\'00:00\'', '\'10:00\'']);
    case 'uuid': return `'${random.pick(['0', '7', 'f'])}0000000-0000-4000-8000-00000000000${random.int(0, 2)}'`;
    case 'bytea': return random.pick(['\'\\x00ff\'', '\'\\x\'', '\'\\x61\'', '\'\\x6162ff\'', '\'\\x80\'']);
    case 'jsonb': return random.pick([
      '\'{"a": 1, "b": [1, 2]}\'', '\'[1, "x", null]\'', '\'"s"\'', '\'3\'', '\'null\'', '\'{"a": {"c": true}}\'', '\'1.50\'',
      '\'{}\'', '\'[]\'', '\'{"b": "x", "a": null}\'']);
    case 'int4[]': return random.pick(['\'{1,2,3}\'', '\'{}\'', '\'{2}\'', '\'{NULL,1}\'', '\'{3,1}\'', '\'{1,1}\'']);
    case 'text[]': return random.pick(['\'{a,b}\'', '\'{}\'', '\'{"z z",NULL}\'', '\'{a}\'', '\'{ab,"",b}\'']);
    case 'inet': return random.pick(['\'10.0.0.0/8\'', '\'10.1.0.0/16\'', '\'10.1.2.3\'', '\'::/0\'', '\'2001:db8::/32\'', '\'::ffff:10.1.2.3\'',
      ...(sqlType === 'cidr' ? ['\'192.168\'', '\'0/0\''] : ['\'10.1.2.3/8\'', '\'10.1.2.3/16\'', '\'2001:db8::5/32\''])]);
    case 'macaddr': return random.pick(['\'08:00:2b:01:02:03\'', '\'08:00:2b:01:02:04\'', '\'80:00:00:00:00:00\'', '\'0:0:0:0:0:1\'']);
    case 'macaddr8': return random.pick(['\'08:00:2b:01:02:03\'', '\'08:00:2b:01:02:03:04:05\'', '\'ff:ff:ff:ff:ff:ff:ff:ff\'', '\'0000000000000001\'']);
    case 'mood': return random.pick(['\'sad\'', '\'ok\'', '\'Glad\'', '\'\'']);
    case 'int4range': return random.pick(['\'[1,4)\'', '\'[2,6]\'', '\'(,3)\'', '\'[5,)\'', '\'empty\'', '\'[4,5)\'', '\'(,)\'', '\'[-3,0]\'']);
    case 'daterange': return random.pick(['\'[2024-01-01,2024-02-01)\'', '\'(2024-01-28,)\'', '\'(,2024-03-01]\'', '\'empty\'',
      '\'[2024-02-01,2024-02-29]\'', '\'[2024-01-28,infinity]\'']);
    case 'int4multirange': return random.pick(['\'{}\'', '\'{[1,4)}\'', '\'{[1,2),[4,6)}\'', '\'{(,0),[3,)}\'', '\'{[2,3),[3,5)}\'']);
  }
}
