// Random scalar expressions of a wanted type. None fails on any row, but those of `risky`, which fail on some with one SQLSTATE.
import type { Random } from '../support/random.ts';
import { ALL_TYPES, literalOf } from './values.ts';
import type { ColumnType } from './values.ts';

/** What a query may refer to. `vague`: which of several equal values stands here is not determined (1.0 or 1.00). */
export interface Field {
  readonly sql: string;
  readonly type: ColumnType;
  readonly vague?: boolean;
}

/** `{type}` is an expression of the type, `{any}` of any. */
const TEMPLATES: Readonly<Record<ColumnType, readonly string[]>> = {
  int4: [
    'length({text})', 'octet_length({text})', 'bit_length({text})', 'strpos({text}, {text})', 'position(\'a\' in {text})', '({int4} % 5)',
    '({int4} & 3)', '({int4} | 4)', '({int4} # 5)', '(~ {int4})', '({int4} >> 1)', 'array_length({int4[]}, 1)', 'cardinality({text[]})',
    'array_position({int4[]}, 2)', '({int4[]})[1]', '({int4[]})[2]', 'ascii({text})', '({boolean})::int', 'length({bytea})',
    'num_nonnulls({any}, {any})', 'num_nulls({any}, {any})', 'array_upper({text[]}, 1)', 'array_ndims({int4[]})',
    'width_bucket({int4}, 0, 10, 5)', 'extract(minute from {time})::int', 'char_length({text})',
    'extract(dow from timestamp \'2024-01-01\' + {int4} % 9 * interval \'1 day\')::int', 'mod({int4}, 3)', 'bit_count({bytea})::int',
    'cardinality(string_to_array({text}, \' \'))', 'lower({int4range})', 'upper({int4range})', 'upper({int4multirange})',
    'lower(range_merge({int4multirange}))', '(date \'2024-01-05\' - (date \'2024-01-01\' + {int4} % 9))',
    'masklen({inet})', 'family({inet})',
  ],
  int8: [
    '({int4}::int8 + {int4})', '({int4}::int8 * {int4})', '({int8} % 7)', '({int8} & 255)', '{int4}::bigint', '({int8} / 3)', 'bit_count({bytea})',
    'sign({int4})::bigint', 'gcd({int4}::int8, 6)', '({int8} # 1)', 'div({int4}, 2)::bigint',
    '(inet \'10.0.0.9\' + {int4} % 9 - inet \'10.0.0.3\')',
  ],
  numeric: [
    '({numeric} + {numeric})', '({numeric} - {int4})', '({numeric} * {numeric})', '({numeric} / 3)', 'abs({numeric})', 'round({numeric}, 1)',
    'trunc({numeric}, 1)', 'floor({numeric})', 'ceil({numeric})', 'sign({numeric})', '{int4}::numeric', '{int8}::numeric(30,2)', '(- {numeric})',
    'round({numeric})', 'mod({numeric}, 3)', '({numeric} % 0.7)', 'extract(epoch from {interval})', 'extract(hour from {time})',
    'extract(year from {timestamp})', 'extract(week from {date})', 'extract(quarter from {timestamp})', 'extract(doy from {date})',
    'extract(second from {timestamp})', 'extract(epoch from {timestamptz})', 'extract(isodow from {timestamptz})', 'trim_scale({numeric})',
    'round({int4}, -1)', 'extract(century from {date})', 'power({int4}::numeric % 5, 2)', 'div({numeric}, 2)', 'extract(milliseconds from {time})',
    'to_number(\'1\' || {int4} % 9, \'99\')', '({numeric} + 0.10)', 'scale({numeric})::numeric', 'sqrt(abs({numeric}))',
  ],
  float8: [
    '({float8} + 1)', '({float8} * 2)', 'abs({float8})', 'floor({float8})', 'ceil({float8})', 'sqrt(abs({float8}))', '{int4}::float8', '(- {float8})',
    'round({float8})', 'trunc({float8})', // Excluded: sign('NaN'::float8) is NaN here, 0 there.
    '({int4} / 4::float8)', '{numeric}::float8', 'date_part(\'day\', {interval})',
    'date_part(\'hour\', {timestamp})', '({float8} - {float8})', 'degrees(0::float8)', '{int8}::float8',
  ],
  text: [
    'upper({text})', 'lower({text})', 'initcap({text})', 'reverse({text})', 'repeat({text}, 2)', 'lpad({text}, 4, \'*\')', 'rpad({text}, 3)',
    'left({text}, 1)', 'right({text}, 2)', 'left({text}, -1)', 'substr({text}, 2)', 'substring({text} from 1 for 2)', 'replace({text}, \'a\', \'xy\')',
    'translate({text}, \'ab\', \'b\')', 'btrim({text}, \'a \')', 'trim({text})', 'ltrim({text})', 'split_part({text}, \' \', 1)', '({text} || {text})',
    '({text} || {int4})', 'concat({any}, \'-\', {any})', 'concat_ws(\',\', {any}, {text})', 'format(\'%s/%s\', {any}, {text})', 'md5({text})',
    'quote_literal({text})', 'quote_nullable({text})', 'quote_ident({text})', 'regexp_replace({text}, \'[ab]+\', \'<\\&>\')', 'overlay({text} placing \'Z\' from 1 for 1)',
    '{any}::text', '{any}::text', '{text}::varchar(2)', '{text}::char(3)', 'to_char({timestamp}, \'YYYY-MM-DD HH24:MI:SS\')', 'to_char({date}, \'Dy DD Mon\')',
    'to_char({numeric}, \'FM9990.00\')', 'to_char({int4}, \'S999\')', 'to_char({interval}, \'HH24:MI\')', 'to_char({timestamptz}, \'IYYY-IW TZ\')',
    'encode({bytea}, \'hex\')', 'encode({bytea}, \'base64\')', '({jsonb} ->> \'a\')', '({jsonb} #>> \'{a,c}\')', 'jsonb_typeof({jsonb})',
    'array_to_string({int4[]}, \',\')', 'array_to_string({text[]}, \'|\', \'?\')', '({text[]})[1]', 'to_hex({int8})', 'chr(65 + abs({int4} % 26))',
    '({jsonb} ->> 0)', 'to_char({timestamp}, \'Day HH12:MI AM J Q\')', 'substring({text} from \'[a-z]\')', 'format(\'%L %s\', {text}, {text})',
    'pg_typeof({numeric})::text', 'pg_typeof({text[]})::text', 'jsonb_pretty({jsonb})', 'to_char({float8}, \'9.99EEEE\')', 'to_char({numeric} % 100, \'RN\')', 'CAST({int4} AS text)',
    '(regexp_match({text}, \'(a)(b)?\'))[1]', 'to_char({numeric}, \'999,999.9MI\')', 'strpos({text}, \'b\')::text', 'md5({bytea})',
    'host({inet})', 'abbrev({inet})', 'text({inet})', 'quote_literal({any})',
  ],
  boolean: [
    '{any} IS NULL', '{any} IS NOT NULL', '({int4} > {int4})', '({numeric} <= {int4})', '({text} LIKE \'a%\')', '({text} ILIKE \'%B%\')', '({text} ~ \'^[ab]\')',
    '({text} ~* \'B\')', '({text} NOT LIKE \'_\')', '({text} SIMILAR TO \'(a|b)%\')', '({int4} BETWEEN 0 AND {int4})', '({int4} BETWEEN SYMMETRIC 3 AND {int4})',
    '({jsonb} @> \'{"a": 1}\')', '({jsonb} ? \'a\')', '({jsonb} <@ \'[1, "x", null]\')', '({jsonb} ?| array[\'a\', \'x\'])', '({int4[]} @> array[1])',
    '({int4[]} && {int4[]})', '({text[]} <@ array[\'a\', \'b\', \'ab\'])', '({int4} = ANY({int4[]}))', '({text} <> ALL({text[]}))', '(NOT {boolean})',
    '({boolean} AND {boolean})', '({boolean} OR {boolean})', '({boolean} IS TRUE)', '({boolean} IS NOT FALSE)', '({boolean} IS UNKNOWN)', '({int4} IN (1, 2, {int4}))',
    '({text} IN (\'a\', \'b\'))', '({int4} IS DISTINCT FROM {int4})', '({text} IS NOT DISTINCT FROM {text})', '({date} < {date})', '({timestamp} >= {date})',
    '(({int4}, {text}) = (1, \'a\'))', '(({int4}, {text}) < ({int4}, \'b\'))', 'starts_with({text}, \'a\')', '({uuid} > {uuid})', '({bytea} < {bytea})',
    '({timestamptz} < {timestamp})', '({time} BETWEEN \'08:00\' AND \'12:00\')', '({jsonb} = {jsonb})', '({int4[]} < {int4[]})', '({numeric} IN (1, 1.5, {int4}))',
    '(ROW({int4}, {int4}) IS NOT NULL)', '({text} NOT IN (\'a\', {text}))', '({interval} > interval \'1 day\')', '(({int4}, {int4}) IN ((1, 2), (3, {int4})))',
    'isfinite({date})', '({timestamp}, interval \'1 day\') OVERLAPS (timestamp \'2024-01-02\', timestamp \'2024-01-03\')', '({float8} <> {numeric})', '({int8} = {int4})',
    '({int4} = 2)', '({text} = \'a\')', '({date} = date \'2024-01-28\')', '({int8} = ANY (array[1, 2]))', '({mood} = \'ok\')',
    '({mood} > \'ok\')', '({mood} = {mood})', '({mood} IN (\'sad\', {mood}))', '({jsonb} @? \'$.b[*]\')', '({jsonb} @@ \'$.a == 1\')',
    '({int4range} @> {int4})', '({int4range} && {int4range})', '({int4range} <@ {int4range})', '({int4range} << {int4range})', '({int4range} -|- {int4range})',
    '({int4range} &< {int4range})', '({int4range} < {int4range})', '({int4range} = {int4range})', 'isempty({int4range})', 'upper_inf({daterange})',
    '({int4multirange} @> {int4range})', '({int4multirange} && {int4multirange})', '({int4multirange} -|- {int4range})', '({int4range} &> {int4multirange})',
    '({int4} <@ {int4multirange})', '({daterange} @> {date})', '({daterange} && {daterange})', '({int4multirange} >= {int4multirange})', 'lower_inc({daterange})',
    '({text} ~ \'(.)\\1\')', '({text} COLLATE "C" < {text})', '({date} BETWEEN {date} AND {timestamp})', '({timestamptz} = {date})', '({jsonb} IS NOT DISTINCT FROM {jsonb})',
    '({inet} << {inet})', '({inet} <<= {inet})', '({inet} >> {inet})', '({inet} >>= {inet})', '({inet} && {inet})', '({inet} < {inet})', '({inet} = {inet})',
    'inet_same_family({inet}, {inet})', '({inet} = \'10.1.2.3\')', '({inet} IN (\'10.0.0.0/8\', {inet}))', '({inet} BETWEEN \'10/8\' AND {inet})',
    '({inet} IS DISTINCT FROM {inet})', '({macaddr} < {macaddr})', '({macaddr8} >= {macaddr8})', '({macaddr}::macaddr8 = {macaddr8})',
  ],
  date: [
    '({date} + {int4} % 9)', '({date} - 3)', '{timestamp}::date', '{timestamptz}::date', 'make_date(2024, 1 + abs({int4} % 12), 3)', 'to_date(\'2024-\' || 1 + abs({int4} % 9), \'YYYY-MM\')',
    'CAST({date}::timestamp AS date)', 'lower({daterange})', 'upper({daterange})', '({timestamptz} AT TIME ZONE \'Asia/Tokyo\')::date',
  ],
  timestamp: [
    'date_trunc(\'hour\', {timestamp})', 'date_trunc(\'week\', {timestamp})', '({timestamp} + interval \'1 day\')', '({timestamp} - interval \'1 mon\')', '({date} + {time})', '{date}::timestamp',
    '({timestamptz} AT TIME ZONE \'America/New_York\')', 'date_bin(\'15 minutes\', timestamp \'2024-01-01 10:17\' + {int4} % 9 * interval \'7 min\', timestamp \'2024-01-01\')',
    '({date} + interval \'90 minutes\')', 'date_trunc(\'quarter\', {timestamp})', 'make_timestamp(2024, 1, 1 + abs({int4} % 20), 1, 2, 3.5)', '{timestamptz}::timestamp',
  ],
  timestamptz: [
    'date_trunc(\'day\', {timestamptz})', 'date_trunc(\'day\', {timestamptz}, \'Europe/Berlin\')', '({timestamp} AT TIME ZONE \'Europe/Berlin\')', '({timestamptz} + interval \'1 day\')', '{timestamp}::timestamptz',
    'to_timestamp({int4})', '({timestamptz} - interval \'2 hours\')', 'date_trunc(\'month\', {timestamptz}, \'America/New_York\')',
  ],
  interval: [
    '({interval} + interval \'1 hour\')', '({interval} * 2)', '(- {interval})', 'justify_hours({interval})', 'justify_days({interval})', '({interval} / 2)', 'make_interval(0, 0, 0, {int4} % 9)',
    '({time} - time \'01:00\')', 'justify_interval({interval})', '({int4} % 5 * interval \'1 day\')', '{time}::interval', 'date_trunc(\'day\', {interval})',
  ],
  time: ['({time} + interval \'25 hours\')', '{timestamp}::time', '({time} - interval \'90 min\')', 'make_time(abs({int4} % 24), 5, 6.5)', '{timestamptz}::time', '{interval}::time'],
  uuid: ['md5({text})::uuid', '{uuid}::text::uuid'],
  bytea: ['({bytea} || {bytea})', 'substring({bytea} from 1 for 1)', 'convert_to({text}, \'UTF8\')', 'decode(md5({text}), \'hex\')', 'sha256({bytea})', '{bytea}::text::bytea'],
  jsonb: [
    '({jsonb} -> \'a\')', '({jsonb} -> \'b\' -> 0)', '({jsonb} -> 1)', '({jsonb} #> \'{a,c}\')', '({jsonb} || {jsonb})', 'jsonb_build_object(\'k\', {any}, \'j\', {text})', 'jsonb_build_array({any}, {int4})',
    'to_jsonb({any})', 'jsonb_strip_nulls({jsonb})', 'to_jsonb({text[]})', '({jsonb})::text::jsonb', '({jsonb} -> -1)', 'to_jsonb({int4[]})',
    'jsonb_path_query_first({jsonb}, \'$.b[0]\')', 'jsonb_path_query_array({jsonb}, \'$.*\')', 'jsonb_set(\'{"a": 0}\', \'{a}\', {jsonb})', '(jsonb_build_object(\'a\', {any}, \'b\', {jsonb}) #- \'{a}\')',
    'jsonb_insert(\'[1, 2]\', \'{0}\', to_jsonb({any}))', 'jsonb_object(array[\'k\', {text}])', 'to_jsonb({mood})', '({jsonb})[\'b\'][0]',
  ],
  'int4[]': [
    '({int4[]} || {int4[]})', 'array_append({int4[]}, {int4})', 'array_remove({int4[]}, 1)', 'array_prepend({int4}, {int4[]})', 'array[{int4}, {int4}]', '({int4[]})[2:3]', 'array_replace({int4[]}, 1, 9)',
    'array_positions({int4[]}, 1)', '({int4[]})[:1]', '({int4[]} || {int4})', 'array_fill({int4}, array[2])', 'trim_array({int4[]} || array[1], 1)',
  ],
  'text[]': [
    'string_to_array({text}, \' \')', 'array[{text}, {text}]::text[]', '({text[]} || {text}::text)', 'array_remove({text[]}, \'a\')', '{int4[]}::text[]', 'regexp_split_to_array({text}, \' +\')', 'array_cat({text[]}, {text[]})',
    'regexp_match({text}, \'([a-z])\')', 'string_to_array({text}, NULL)', 'enum_range({mood})::text[]', 'ARRAY(SELECT jsonb_object_keys(jsonb_build_object(coalesce({text}, \'n\'), 1, \'k\', 2)) ORDER BY 1)',
  ],
  int4range: [
    '({int4range} * {int4range})', 'range_merge({int4range}, {int4range})', 'int4range(least({int4} % 20, 5), 9)', 'int4range({int4} % 9, NULL, \'(]\')',
    '{int4range}::text::int4range', 'range_merge({int4multirange})', 'int4range({int4} % 5, 12, \'[]\')',
  ],
  daterange: ['({daterange} * {daterange})', 'range_merge({daterange}, {daterange})', 'daterange(NULL, {date})', 'daterange({date}, NULL)', '{daterange}::text::daterange'],
  int4multirange: [
    'multirange({int4range})', '({int4multirange} + {int4multirange})', '({int4multirange} * {int4multirange})', '({int4multirange} - {int4multirange})',
    'int4multirange(coalesce({int4range}, \'empty\'), int4range(100, 200))', '{int4range}::int4multirange',
  ],
  inet: [
    'network({inet})', 'broadcast({inet})', 'netmask({inet})', 'hostmask({inet})', 'set_masklen({inet}, abs({int4} % 33))', '(~ {inet})',
    '(inet \'10.0.0.9\' + {int4} % 9)', '{inet}::text::inet', '{inet}::cidr', 'host({inet})::inet', 'set_masklen({inet}, -1)',
  ],
  macaddr: ['trunc({macaddr})', '(~ {macaddr})', '({macaddr} & {macaddr})', '({macaddr} | {macaddr})', '{macaddr}::text::macaddr', '{macaddr}::macaddr8::macaddr'],
  macaddr8: [
    'trunc({macaddr8})', '(~ {macaddr8})', '({macaddr8} & {macaddr8})', '({macaddr8} | {macaddr8})', 'macaddr8_set7bit({macaddr8})', '{macaddr}::macaddr8', '{macaddr8}::text::macaddr8',
  ],
  mood: ['enum_first({mood})', '(enum_range(NULL::mood))[1 + abs({int4} % 4)]', '{mood}::text::mood', 'enum_last({mood})'],
};

/** Each fails with one code on some values of its field. */
const RISKY: Readonly<Partial<Record<ColumnType, readonly string[]>>> = {
  int4: ['10 / {}', '7 % {}', '{} + 2147483640', 'substring(\'abc\', 1, {})', 'sqrt({}::float8)', '{}::smallint', '1.5 / {}',
    'CASE WHEN {} > 3 THEN 1 / 0 END', 'CASE WHEN 2 < 1 THEN 1 / 0 ELSE 6 / {} END', 'coalesce(7, {} / 0, 1 / 0)', 'coalesce({}, 1 / 0)'],
  int8: ['{}::int', '{} * 1000000000000', '1 / {}', 'ln({}::numeric)'],
  numeric: ['1 / {}', '{} % 0', '{}::numeric(3,1)'],
  float8: ['sqrt({})', '{}::int', '2 / {}', 'ln({})'],
  text: ['{}::text::int', '{}::text::date', '{}::text::jsonb', '{}::text::uuid', '{}::boolean', '{}::text::numeric', '{}::text::int[]', '{}::text::interval', '{}::text::inet',
    'CASE {} WHEN \'a\' THEN \'x\'::text::int END'],
  inet: ['{} & inet \'10.0.0.1\'', '{} + 4294967000', '{} - inet \'10.0.0.0\'', 'inet_merge({}, \'::1\')', 'set_masklen({}, 40)'],
  macaddr8: ['{}::macaddr'],
  date: ['{} - date \'2024-01-01\'', 'extract(year from {})::int'],
  timestamp: ['{} - timestamp \'2024-01-01\'', 'age({}, timestamp \'2024-01-01\')'],
  jsonb: ['{} - \'a\'', 'jsonb_array_length({})', '({})::int'],
  int4range: ['{} + int4range(100, 101)', '{} - int4range(2, 3)', 'int4range(3, upper({}))'],
  bytea: ['get_byte({}, 1)', 'set_byte({}, 1, 7)'],
};

const ORDERED: readonly ColumnType[] = ALL_TYPES.filter((t) => t !== 'boolean');

export class ExpressionWriter {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Of any type. */
  any(fields: readonly Field[], depth = 2): { readonly sql: string; readonly type: ColumnType } {
    const r = this.#random;
    if (r.bool(0.35)) {
      const field = r.pick(fields);
      return { sql: field.sql, type: field.type };
    }
    const type = r.bool(0.6) ? r.pick(fields).type : r.pick(ALL_TYPES);
    return { sql: this.of(type, fields, depth), type };
  }

  of(type: ColumnType, fields: readonly Field[], depth: number): string {
    const r = this.#random;
    const roll = r.int(0, 99);
    if (depth <= 0 || roll < 20) return this.#leaf(type, fields);
    const sub = (): string => this.of(type, fields, depth - 1);
    if (roll < 24) return `coalesce(${sub()}, ${sub()})`;
    if (roll < 28) return `CASE WHEN ${this.of('boolean', fields, depth - 1)} THEN ${sub()} ELSE ${sub()} END`;
    if (roll < 30) return `CASE WHEN ${this.of('boolean', fields, depth - 1)} THEN ${sub()} END`;
    if (roll < 32) return `CASE ${this.#leaf('int4', fields)} WHEN 1 THEN ${sub()} WHEN ${this.of('int4', fields, depth - 1)} THEN ${sub()} END`;
    // Excluded: NULLIF of varchar, of char beside text, and of numbers of two types has not PostgreSQL's result type.
    if (roll < 35) return type === 'text' ? `nullif(${sub()}::text, ${sub()}::text)` : `nullif(${sub()}, ${sub()})`;
    if (roll < 39 && ORDERED.includes(type)) return `${r.pick(['greatest', 'least'])}(${sub()}, ${sub()})`;
    return this.#template(type, fields).replace(/\{(any|\w+(?:\[\])?)\}/g, (whole, name: string) => {
      if (name === 'any') return r.bool(0.6) ? this.#leaf(r.pick(fields).type, fields) : this.of(r.pick(ALL_TYPES), fields, depth - 1);
      const wanted = ALL_TYPES.find((t) => t === name);
      return wanted === undefined ? whole : this.of(wanted, fields, depth - 1);
    });
  }

  /** One that some field fits, if luck has it. */
  #template(type: ColumnType, fields: readonly Field[]): string {
    const all = TEMPLATES[type];
    const first = this.#random.pick(all);
    const fits = (template: string): boolean => fields.some((f) => template.includes(`{${f.type}}`));
    return fits(first) ? first : this.#random.pick(all.filter((t) => fits(t)).concat(first));
  }

  /** Fails on some rows, perhaps; null when no field lends itself. */
  risky(fields: readonly Field[]): string | null {
    const fitting = fields.filter((f) => RISKY[f.type] !== undefined && f.vague !== true);
    if (fitting.length === 0) return null;
    const field = this.#random.pick(fitting);
    return this.#random.pick(RISKY[field.type] ?? []).replaceAll('{}', field.sql);
  }

  #leaf(type: ColumnType, fields: readonly Field[]): string {
    const fitting = fields.filter((f) => f.type === type && f.vague !== true);
    if (fitting.length > 0 && this.#random.bool(0.85)) return this.#random.pick(fitting).sql;
    return literalOf(this.#random, type);
  }
}
