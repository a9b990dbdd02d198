// SQL/JSON path functions and operators (manual 9.16.2, 9.16.3): jsonb_path_query and its family, @? and @@.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { formatJsonb, isJsonObject, parseJson } from '../../data/json.ts';
import { jsonPathOf } from '../../data/jsonpath.ts';
import { BOOLEAN, JSONB, simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { bool, example, operator, scalar, str, table } from '../define.ts';
import type { CallInfo, ScalarFunction, TableFunction } from '../function.ts';
import { PathEvaluation } from '../jsonpath/evaluate.ts';
import type { PathValue } from '../jsonpath/value.ts';
import { PathMoment } from '../jsonpath/moment.ts';
import { isSuppressed } from '../jsonpath/predicate.ts';
import { zoneOf } from './datetime-arithmetic.ts';

const JSONPATH = simpleType('jsonpath');
const ARGUMENTS = {
  args: [JSONB, JSONPATH, JSONB, BOOLEAN], optional: 2, names: ['target', 'path', 'vars', 'silent'], defaults: ['{}', false],
};
/** As they are called without variables. */
const PLAIN: readonly LogicalType[] = [JSONB, JSONPATH];

interface Run {
  readonly evaluation: PathEvaluation;
  readonly silent: boolean;
}

function runOf([target, path, vars, silent]: readonly Datum[], call: CallInfo, zoned: boolean): Run {
  const variables = vars === undefined ? new Map<string, never>() : parseJson(str(vars));
  if (!isJsonObject(variables)) {
    throw new DatabaseError('22023', '"vars" argument is not an object', {
      detail: 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.',
    });
  }
  const options = { variables, zone: zoned ? zoneOf(call.context) : null, checkInterrupt: call.context.checkInterrupt };
  return {
    evaluation: new PathEvaluation(jsonPathOf(str(path)), parseJson(str(target)), options),
    silent: silent !== undefined && bool(silent),
  };
}

/** `run`'s value, or `otherwise` where it failed and errors are to be silent. */
function quietly<T>(silent: boolean, run: () => T, otherwise: T): T {
  if (!silent) return run();
  try {
    return run();
  } catch (error) {
    if (error instanceof DatabaseError && isSuppressed(error)) return otherwise;
    throw error;
  }
}

function itemsOf({ evaluation, silent }: Run): readonly PathValue[] {
  const found: PathValue[] = [];
  quietly(silent, () => evaluation.collect(found), undefined);
  return found;
}

function textOf(value: PathValue): string {
  return value instanceof PathMoment ? JSON.stringify(value.toString()) : formatJsonb(value);
}

function exists({ evaluation, silent }: Run): Datum {
  return quietly<Datum>(silent, () => evaluation.exists(), null);
}

function match(run: Run): Datum {
  const items: PathValue[] = [];
  const whole = quietly(run.silent, () => {
    run.evaluation.collect(items);
    return true;
  }, false);
  const [item] = items;
  if (whole && items.length === 1 && (typeof item === 'boolean' || item === null)) return item;
  if (run.silent) return null;
  throw new DatabaseError('22038', 'single boolean result is expected');
}

interface Family {
  readonly suffix: '' | '_tz';
  readonly volatility: 'immutable' | 'stable';
}

const FAMILIES: readonly Family[] = [{ suffix: '', volatility: 'immutable' }, { suffix: '_tz', volatility: 'stable' }];

function functions({ suffix, volatility }: Family): readonly ScalarFunction[] {
  const run = (args: readonly Datum[], call: CallInfo): Run => runOf(args, call, suffix === '_tz');
  const define = (name: string, description: string, result: (run: Run) => Datum, shows: readonly [string, string],
    returns: LogicalType): ScalarFunction => scalar({
    ...ARGUMENTS, name: `${name}${suffix}`, returns, volatility, description,
    example: example(`SELECT ${name}${suffix}(${shows[0]})`, shows[1]), row: (args, call) => result(run(args, call)),
  });
  return [
    define('jsonb_path_exists', 'Whether the path gives any item.', exists,
      [`'{"a":[1,2,3,4,5]}', '$.a[*] ? (@ >= $min)', '{"min":2}'`, 't'], BOOLEAN),
    define('jsonb_path_match', 'The answer of a path that is a predicate.', match,
      [`'{"a":[1,2]}', 'exists($.a[*] ? (@ > 1))'`, 't'], BOOLEAN),
    define('jsonb_path_query_array', 'All items that the path gives, as an array.',
      (r) => `[${itemsOf(r).map(textOf).join(', ')}]`, [`'{"a":[1,2,3]}', '$.a[*] ? (@ >= 2)'`, '[2, 3]'], JSONB),
    define('jsonb_path_query_first', 'The first item that the path gives.', (r) => {
      const items = itemsOf(r);
      return items.length === 0 ? null : textOf(items[0]);
    }, [`'{"a":[1,2,3]}', '$.a[*] ? (@ >= 2)'`, '2'], JSONB),
  ];
}

export const JSONPATH_FUNCTIONS: readonly ScalarFunction[] = [
  ...FAMILIES.flatMap(functions),
  operator({
    name: '@?', args: PLAIN, returns: BOOLEAN, description: 'Whether the path gives any item; NULL where it fails.',
    example: example(`SELECT '{"a":[1,2,3]}'::jsonb @? '$.a[*] ? (@ > 2)'`, 't'),
    row: (args, call) => exists({ ...runOf(args, call, false), silent: true }),
  }),
  operator({
    name: '@@', args: PLAIN, returns: BOOLEAN, description: 'The answer of a path that is a predicate; NULL where it fails.',
    example: example(`SELECT '{"a":[1,2,3]}'::jsonb @@ '$.a[*] > 2'`, 't'),
    row: (args, call) => match({ ...runOf(args, call, false), silent: true }),
  }),
];

export const JSONPATH_TABLES: readonly TableFunction[] = FAMILIES.map(({ suffix, volatility }) => table({
  ...ARGUMENTS, name: `jsonb_path_query${suffix}`, returns: JSONB, volatility, description: 'Each item that the path gives.',
  example: example(`SELECT count(*) FROM jsonb_path_query${suffix}('{"a":[1,2,3]}', '$.a[*] ? (@ >= 2)')`, '2'),
  rows: (args, call) => itemsOf(runOf(args, call, suffix === '_tz')).map((item) => [textOf(item)]),
}));
