// min and max, for every type that has an order.
import { assert } from '../../data/error.ts';
import {
  BPCHAR, DATE, FLOAT4, FLOAT8, INET, INT2, INT4, INT8, INTERVAL, NUMERIC, OID, TEXT, TIME, TIMESTAMP, TIMESTAMPTZ, layoutOf,
  parametricType, simpleType,
} from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import type { AggregateFunction } from './aggregate.ts';
import { appendExtreme } from './append-extreme.ts';
import { RetractableExtreme } from './retractable-extreme.ts';

function extreme(name: 'min' | 'max', type: LogicalType): AggregateFunction {
  const max = name === 'max';
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name, args: [type], returns: type, strict: true, ordered: false,
    description: `${max ? 'maximum' : 'minimum'} value of all ${type.kind} input values`,
    ...(type.kind === 'int4'
      ? { example: { sql: `SELECT ${name}(x) FROM (VALUES (1), (2)) AS v(x)`, result: max ? '2' : '1' } } : {}),
    accumulator: ({ argTypes, appendOnly, rows }) => {
      const [arg] = argTypes;
      assert(argTypes.length === 1, `${name} of one argument`);
      return appendOnly ? appendExtreme(rows, arg, layoutOf(arg), max) : new RetractableExtreme(rows, arg, max);
    },
  };
}

/** The types that PostgreSQL 15 has min and max for, those of ours among them. */
const ORDERED: readonly LogicalType[] = [
  INT8, INT4, INT2, OID, FLOAT4, FLOAT8, DATE, TIME, parametricType('timetz'), TIMESTAMP, TIMESTAMPTZ, INTERVAL, TEXT,
  NUMERIC, BPCHAR, simpleType('anyarray'), simpleType('anyenum'), simpleType('tid'), simpleType('pg_lsn'), INET,
];

export const EXTREMES: readonly AggregateFunction[] =
  (['min', 'max'] as const).flatMap((name) => ORDERED.map((type) => extreme(name, type)));
