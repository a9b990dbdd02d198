// Every function with a kernel: kernel and row body agree on random columns with NULLs, errors included.
import { expect, test } from 'vitest';
import { datumAt, vectorFromDatums } from '../../../engine/data/access.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { Interval } from '../../../engine/data/interval.ts';
import { parseNetwork } from '../../../engine/data/network-text.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import { intersectValidity } from '../../../engine/data/vector.ts';
import type { Validity } from '../../../engine/data/vector.ts';
import type { CallInfo, ScalarFunction } from '../../../engine/function/function.ts';
import { SCALAR_FUNCTIONS } from '../../../engine/function/registry.ts';
import { TEST_CONTEXT } from '../../support/evaluate-sql.ts';
import { Random } from '../../support/random.ts';

const SEED = Number(process.env['SEED'] ?? 20240229);

const TEXTS = ['', 'a', 'A', 'abc', 'abd', 'ab%', 'a_c', '%b%', 'äöü', '😀x', 'Zebra', 'zebra  ',
  'long text beyond forty-eight bytes of short strings'];

/** Small values mostly, extremes sometimes. */
function value(r: Random, type: LogicalType): Datum {
  const extreme = r.int(0, 9) === 0;
  switch (type.kind) {
    case 'boolean': return r.int(0, 1) === 1;
    case 'int2': return extreme ? r.pick([-32768, 32767]) : r.int(-9, 9);
    case 'int4': case 'date': return extreme ? r.pick([-2147483648, 2147483647]) : r.int(-9, 9);
    case 'int8': return extreme ? r.pick([-9223372036854775808n, 9223372036854775807n, 5000000000n,
      -1n]) : BigInt(r.int(-9, 9));
    case 'oid': case 'xid': return r.int(0, 9);
    case 'pg_lsn': return BigInt(r.int(-9, 9));
    case 'time': return BigInt(r.int(0, 9));
    case 'timestamp': case 'timestamptz':
      return extreme ? r.pick([9223372036854775807n, -9223372036854775808n,
        -210866803200000000n]) : BigInt(r.int(-1000000, 1000000)) * 1000003n;
    case 'float4': case 'float8': return extreme ? r.pick([NaN, Infinity, -Infinity, 0, -0,
      Math.fround(3e38)]) : Math.fround(r.int(-20, 20) / 8);
    case 'numeric': return extreme ? r.pick([Numeric.NAN, Numeric.INFINITY, Numeric.parse('12345678901234567890.123'),
      Numeric.parse('-0.000')])
      : Numeric.of(BigInt(r.int(-2000, 2000)), r.int(0, 3));
    case 'interval': return new Interval(extreme ? r.int(-14, 14) : 0, r.int(-40, 40),
      BigInt(r.int(-1000, 1000)) * 7_000_003n);
    case 'uuid': return `00000000-0000-0000-000${r.int(0, 2)}-00000000000${r.int(0, 2)}`;
    case 'inet': return parseNetwork(r.pick(['10.0.0.0/8', '10.1.2.3', '10.1.2.3/16', '10.1.0.0/17', '10.1.2.3/31', '::1', '::/0', '2001:db8::5/33']), 'inet');
    case 'macaddr': return Uint8Array.from({ length: 6 }, () => r.int(0, 1));
    case 'macaddr8': return Uint8Array.from({ length: 8 }, () => r.int(0, 1));
    case 'bytea': return Uint8Array.from({ length: r.int(0, 3) }, () => r.int(0, 2));
    case 'text': case 'varchar': case 'bpchar': case 'name': return r.pick(TEXTS);
    case 'char': return r.pick(['a', 'b', '']);
    case 'bit': case 'varbit': return r.pick(['', '0', '1', '10', '101', '0111']);
    default: throw new Error(`no values of type ${type.kind}`);
  }
}

/** The datums of every row, or the error. */
type Outcome = readonly Datum[] | string;

function attempt(run: () => readonly Datum[]): Outcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.code} ${error.message}`;
    throw error;
  }
}

function compareBodies(f: ScalarFunction, r: Random): void {
  const { kernel } = f;
  if (kernel === undefined) return;
  const length = r.int(1, 20);
  const nulls = r.pick([0, 0, 3]);
  const columns = f.args.map((type) => Array.from({ length },
    (): Datum => (nulls > 0 && r.int(0, nulls) === 0 ? null : value(r, type))));
  const vectors = columns.map((c, i) => vectorFromDatums(f.args[i], c));
  const returns = typeof f.returns === 'function' ? f.returns(f.args) : f.returns;
  const call: CallInfo = { argTypes: f.args, returnType: returns, context: TEST_CONTEXT };
  const byRow = attempt(() => Array.from({ length }, (_, i) => {
    const args = columns.map((c) => c[i]);
    return f.strict && args.includes(null) ? null : f.row(args, call);
  }));
  let validity: Validity = null;
  for (const v of vectors) validity = intersectValidity(validity, v.validity, length);
  const byColumn = attempt(() => {
    const out = kernel(vectors, length, f.strict ? validity : null, call);
    expect(out.length).toBe(length);
    return Array.from({ length }, (_, i) => datumAt(out, i));
  });
  const plain = (o: Outcome): unknown => (typeof o === 'string' ? o
    : o.map((d) => (d instanceof Numeric ? d.toString() : d)));
  expect(plain(byColumn),
    `${f.name}(${f.args.map((a) => a.kind).join(', ')}) of ${JSON.stringify(columns, show)}`).toEqual(plain(byRow));
}

function show(_key: string, d: unknown): unknown {
  if (typeof d === 'bigint') return `${d}n`;
  return d instanceof Numeric ? d.toString() : d;
}

test(`kernels agree with row bodies (SEED=${SEED})`, () => {
  const r = new Random(SEED);
  const fast = SCALAR_FUNCTIONS.filter((f) => f.kernel !== undefined);
  expect(fast.length).toBeGreaterThan(200);
  for (let round = 0; round < 60; round++) for (const f of fast) compareBodies(f, r);
});
