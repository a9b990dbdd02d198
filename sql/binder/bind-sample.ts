// TABLESAMPLE: each row of a table by itself is in the sample with the probability that is asked for, or is not.
//
// REPEATABLE: what a row holds and the seed decide, so that the sample stays the same whatever else the query asks and
// however it is run; rows that are alike are numbered. SYSTEM samples rows as BERNOULLI does: there are no blocks to skip.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { BOOLEAN, FLOAT4, FLOAT8, INT8, simpleType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { big, num, scalar } from '../../engine/function/define.ts';
import type { StoredEntry } from '../catalog/entry.ts';
import type { Expr, TableItem } from '../parser/ast.ts';
import type { LogicalPlan, WindowCall } from '../plan/logical-plan.ts';
import { SINGLE_ROW, columnOf, columnsOfPlan, extend, filterOf, joinOf, projectOf, selectColumns, width } from '../plan/make.ts';
import { attachSubqueries } from './attach.ts';
import { DEFAULT_FRAME } from './bind-frame.ts';
import { around, siteOver } from './bind-from-item.ts';
import type { FromSite } from './bind-from-item.ts';
import { tryCoerce } from './coercion.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { Scope } from './scope.ts';

type Sample = NonNullable<TableItem['sample']>;

const NO_SEED: Expression = { kind: 'literal', type: FLOAT8, value: 0 };

const METHODS: ReadonlySet<string> = new Set(['bernoulli', 'system']);

function notNull(value: Datum, code: '2202G' | '2202H', what: string): number {
  if (value === null) throw new DatabaseError(code, `${what} parameter cannot be null`);
  return num(value);
}

/** Asked once, before there are rows, as PostgreSQL does, but not when a query is planned. */
const SAMPLE_SHARE = scalar({
  name: 'sample_share', args: [FLOAT4, FLOAT8], returns: FLOAT8, strict: false, volatility: 'stable',
  description: 'The share, 0 to 1, that so many percent are; the seed must not be NULL.',
  row: ([percentage, seed]) => {
    const percent = notNull(percentage, '2202H', 'TABLESAMPLE');
    notNull(seed, '2202G', 'TABLESAMPLE REPEATABLE');
    if (percent >= 0 && percent <= 100) return percent / 100;
    throw new DatabaseError('2202H', 'sample percentage must be between 0 and 100');
  },
});

const SAMPLED = scalar({
  name: 'sampled', args: [FLOAT8], returns: BOOLEAN, volatility: 'volatile',
  description: 'Is the row in a sample of that share?',
  row: ([share], { context }) => context.random() < num(share),
});

const SAMPLED_BY_SEED = scalar({
  name: 'sampled', args: [FLOAT8, FLOAT8, INT8, INT8], returns: BOOLEAN,
  description: 'Is the row of that hash, the n-th of its like, in the sample of that share with that seed?',
  row: ([share, seed, hash, n]) => hashOf(`${big(hash)} ${big(n)} ${num(seed)}`) / 2 ** 53 < num(share),
});

const ROW_HASH = scalar({
  name: 'sample_hash', args: [simpleType('any')], returns: INT8, description: 'A number that goes by what the row holds.',
  row: ([row], { argTypes: [type] }) => BigInt(hashOf(formatText(type, row, DEFAULT_FORMAT))),
});

/** 53 bits: two accumulators as of murmur, mixed at the end. */
function hashOf(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (b & 0x1fffff) + (a >>> 0);
}

/** 0A000 for what is no table or materialized view. */
export function notSampled({ relation, position }: TableItem): DatabaseError {
  return new DatabaseError('0A000', 'TABLESAMPLE clause can only be applied to tables and materialized views',
    { position: relation.position ?? position });
}

/** The rows of the scan that are in the sample. */
export function sampleOf(scan: LogicalPlan, sample: Sample, entry: StoredEntry, site: FromSite): LogicalPlan {
  const method = sample.method[sample.method.length - 1];
  if (!METHODS.has(method)) {
    throw new DatabaseError('42704', `tablesample method ${method} does not exist`, { position: sample.position });
  }
  if (sample.arguments.length !== 1) {
    throw new DatabaseError('2202H', `tablesample method ${method} requires 1 argument, not ${sample.arguments.length}`,
      { position: sample.position });
  }
  const inner = siteOver(site, new Scope(around(site)), { phrase: 'functions in FROM' });
  const percent = argument(sample.arguments[0], FLOAT4, { what: 'TABLESAMPLE', name: 'real' }, inner);
  if (sample.repeatable === undefined && site.env.continuous) {
    throw notSupported('TABLESAMPLE without REPEATABLE in a materialized view', { position: sample.position });
  }
  const seed = sample.repeatable === undefined ? NO_SEED
    : argument(sample.repeatable, FLOAT8, { what: 'REPEATABLE', name: 'double precision' }, inner);
  const attached = attachSubqueries(SINGLE_ROW, [percent, seed], inner.level, (e) => e);
  const asked = projectOf(attached.plan, [
    { kind: 'call', function: SAMPLE_SHARE, args: attached.expressions, type: FLOAT8 }, attached.expressions[1],
  ], ['share', 'seed']);
  const rows = sample.repeatable === undefined ? scan : numberedRows(scan, entry);
  const all = joinOf({ join: 'inner', left: rows, right: asked });
  const column = (index: number): Expression => columnOf(all, index);
  const [share, seeded] = [column(width(rows)), column(width(rows) + 1)];
  const condition: Expression = sample.repeatable === undefined
    ? { kind: 'call', function: SAMPLED, args: [share], type: BOOLEAN }
    : {
      kind: 'call', function: SAMPLED_BY_SEED, type: BOOLEAN,
      args: [share, seeded, column(width(scan)), column(width(scan) + 1)],
    };
  return selectColumns(filterOf(all, condition), Array.from({ length: width(scan) }, (_, i) => i));
}

/** With their hash, and behind it their number among those that have the same. */
function numberedRows(scan: LogicalPlan, entry: StoredEntry): LogicalPlan {
  const row: Expression = {
    kind: 'row', fields: columnsOfPlan(scan), type: { kind: 'record', fields: scan.schema.columns },
  };
  const hash: Expression = { kind: 'call', function: ROW_HASH, args: [row], type: INT8 };
  const hashed = extend(scan, [hash], 'hash');
  if (entry.kind === 'table' && entry.constraints.some((c) => c.kind === 'primary')) {
    return extend(hashed, [{ kind: 'literal', type: INT8, value: 1n }], 'number');
  }
  const number: WindowCall = { name: 'row_number', aggregate: null, args: [], filter: null, type: INT8, frame: DEFAULT_FRAME };
  return {
    kind: 'window', input: hashed, partition: [columnOf(hashed, width(scan))], order: [], calls: [number],
    schema: { columns: [...hashed.schema.columns, { name: 'number', type: INT8 }] },
  };
}

function argument(
  e: Expr, type: LogicalType, { what, name }: { readonly what: string; readonly name: string }, site: Site,
): Expression {
  const position = locationOf(e);
  const value = bind(e, site);
  const coerced = tryCoerce(value, type, { env: site.env, context: 'assignment', position });
  if (coerced === null) {
    throw new DatabaseError('42804', `argument of ${what} must be type ${name}, not type ${mentionType(value.type)}`,
      { position });
  }
  site.env.trace?.calls.set(e, value.type.kind === 'unknown' ? coerced : value);
  return coerced;
}
