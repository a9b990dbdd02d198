// Every immutable or stable function and operator of PostgreSQL 15 that is about data is here, or listed as refused.
import { describe, expect, test } from 'vitest';
import { formatTypeName } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Signature } from '../../engine/function/function.ts';
import { ENGINE_FUNCTIONS } from '../../engine/function/registry.ts';
import { openDatabase } from '../../sql/index.ts';
import { oracleAddress } from '../differential/hunt.ts';
import { Client } from '../support/client.ts';
import { ProtocolClient } from '../support/protocol-client.ts';

/** What is not here, by type of an argument or the result, and why. */
const REFUSED_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^anycompatible(multi)?range$/, 'only in functions users make'],
  [/^xml/, 'xml'],
  [/^(tsvector|tsquery|regconfig|regdictionary)/, 'text search'],
  [/^(point|line|lseg|box|path|polygon|circle)(\[\])?$/, 'geometric types'],
  [/^money/, 'money'],
  [/^xid8/, '64-bit transaction numbers'],
  [/^(pg_snapshot|txid_snapshot|pg_mcv_list|pg_ndistinct|pg_dependencies|refcursor|aclitem)/, 'inner types of a server'],
];

/** The same by name. */
const REFUSED_FUNCTIONS: readonly (readonly [RegExp, string])[] = [
  [/^(pg_|binary_upgrade_|has_|currtid2|lo_|loread|lowrite|satisfies_hash_partition)/,
    'of the server, its catalog or files'],
  [/^(enum|domain|array|record)_(in|out|recv|send)$/, 'input and output of types, which there may be none of'],
  [/^(amvalidate|fmgr_|plpgsql_validator|postgresql_fdw_validator|in_range|.*_validator|.*_handler)/,
    'called by the server itself'],
  [/^(bt|gin|gist|brin|spg|hash)\w*(cmp|consistent|compress|sortsupport|equalimage)/, 'support of access methods'],
  [/^(to_reg(collation|oper|operator|procedure))$/, 'names of things that have no catalog entry here'],
  [/^(mxid_age|age)$/, 'transaction numbers'],
  [/_(subdiff|canonical)$/, 'called by the server itself'],
  [/^ts_(debug|parse|token_type)$/, 'text search'],
  [/^getpgusername$/, 'obsolete'],
  [/^(int4inc|int8_sum|numeric_inc|nameconcatoid|similar_escape|oidvectortypes)$/, 'inner functions of aggregates and views'],
  [/^(like|notlike|like_escape|similar_to_escape)$/, 'written LIKE and SIMILAR TO; of bytea not at all'],
  [/^(timestamp|timestamptz)$/, 'written date + time'],
  [/^xml_is_well_formed/, 'xml'],
  [/^hash(enum|tid|rangetypes|_aclitem|_multirange|_range|_record)\w*$/,
    'hashes of types that are not here'],
  [/^\w+_hash(_extended)?$/, 'hashes of types that are not here'],
  [/^(dense_rank|rank|row_number|percent_rank|cume_dist|ntile|lag|lead|first_value|last_value|nth_value)$/,
    'window functions: the binder\'s own list has them'],
];

/** By name and arguments. */
const REFUSED_SHAPES: ReadonlyMap<string, string> = new Map([
  ['=(cid,cid)', 'command numbers'],
  ...['<', '<=', '<>', '=', '>', '>='].map((o) => [`${o}(oidvector,oidvector)`, 'compared as arrays'] as const),
]);

const REFUSED_OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/^(~~|!~~)$/, 'LIKE of bytea and name'],
  [/^(<->|@-@|@@@?|##|<<\||\|>>|&<\||\|&>|<\^|>\^|\?#|\?-|\?\||\?-\||\?\|\||~=|@>@|!!|<%|%>)$/,
    'geometric and text search types'],
  [/^(~<=~|~<~|~>=~|~>~|\*=|\*<>|\*<|\*<=|\*>|\*>=)$/, 'orders by bytes, which all orders are here'],
  [/^(\^@)$/, 'starts_with() as an operator'],
];

const THEIRS = `
  SELECT p.proname, array_to_string(array(
    SELECT format_type(t, null) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, o) ORDER BY o), ','),
    format_type(p.prorettype, null)
  FROM pg_proc p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile <> 'v'
    AND NOT (p.prorettype = ANY ('{internal,cstring,trigger,event_trigger}'::regtype[]))
    AND NOT (p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[])
    AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid OR o.oprrest = p.oid OR o.oprjoin = p.oid)
    AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid)
    AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
    AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid = ANY (array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
      t.typmodout, t.typanalyze, t.typsubscript]::oid[]))
    AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid = ANY (array[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,
      a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]))
  ORDER BY 1, 2`;

const OPERATORS = `
  SELECT oprname, concat_ws(',', format_type(nullif(oprleft, 0), null), format_type(oprright, null)), format_type(oprresult, null)
  FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace ORDER BY 1, 2`;

type Row = readonly (string | null)[];

async function oracleRows(sql: string): Promise<readonly Row[]> {
  const address = oracleAddress();
  if (address === null) throw new Error('no oracle');
  const client = await ProtocolClient.open(address);
  await client.startup({ user: 'postgres', database: 'postgres' });
  client.send({ Query: { q: sql } });
  const answers = await client.untilReady();
  client.close();
  return answers.filter((a) => a.msg === 'DataRow').map((a) => (Array.isArray(a['values']) ? a['values'].map(String) : []));
}

function refused(list: readonly (readonly [RegExp, string])[], name: string): boolean {
  return list.some(([pattern]) => pattern.test(name));
}

/** All the ways a signature can be called by place, as `name(type,type)`. */
function shapes(s: Signature): readonly string[] {
  const least = s.args.length - (s.optional ?? 0);
  const shown = (args: readonly LogicalType[]): string => `${s.name}(${args.map((a) => formatTypeName(a)).join(',')})`;
  const plain = Array.from({ length: s.args.length - least + 1 }, (_, i) => shown(s.args.slice(0, least + i)));
  if (s.variadic === undefined) return plain;
  const rest: LogicalType = s.variadic.kind === 'any' ? s.variadic : { kind: 'array', element: s.variadic };
  return [...plain, shown([...s.args, rest])];
}

describe.skipIf(oracleAddress() === null)('PostgreSQL 15\'s functions of data', () => {
  test('are here', async () => {
    const database = await openDatabase({ data: ':memory:', now: () => 0n, random: () => 0.5 });
    const client = new Client(database);
    const { scalar, table, aggregate } = ENGINE_FUNCTIONS.lists;
    const known = new Set([...scalar, ...table, ...aggregate].flatMap(shapes));
    const own = await client.rows(`SELECT p.proname || '(' || array_to_string(array(
      SELECT format_type(t, null) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, o) ORDER BY o), ',') || ')' FROM pg_proc p`);
    for (const shape of own) known.add(shape);
    await client.close();
    await database.close();
    const missing = (await oracleRows(THEIRS)).flatMap(([name, args, result]) => {
      if (name === null || name === undefined || refused(REFUSED_FUNCTIONS, name)) return [];
      const types = [...String(args).split(','), String(result)];
      const shape = `${name}(${args})`;
      if (types.some((t) => refused(REFUSED_TYPES, t)) || known.has(shape) || REFUSED_SHAPES.has(shape)) return [];
      return [`${shape} returns ${result}`];
    });
    expect(missing).toEqual([]);
  });

  test('and operators', async () => {
    const known = new Set(ENGINE_FUNCTIONS.lists.scalar.filter((f) => f.operator === true).flatMap(shapes));
    const missing = (await oracleRows(OPERATORS)).flatMap(([name, args, result]) => {
      const types = [...String(args).split(','), String(result)];
      if (types.some((t) => refused(REFUSED_TYPES, t)) || refused(REFUSED_OPERATORS, String(name))) return [];
      const shape = `${name}(${args})`;
      return known.has(shape) || REFUSED_SHAPES.has(shape) ? [] : [`${shape} returns ${result}`];
    });
    expect(missing).toEqual([]);
  });
});
