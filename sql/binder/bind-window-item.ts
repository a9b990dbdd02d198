// tumble(), hop(), session() and cumulate() in FROM: the input, its time and keys, and the arguments by place or by name.
import { windowType } from '../../engine/operator/assign-window.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { INTERVAL, TEXT } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { WindowFunction, WindowItem } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { extend, width } from '../plan/make.ts';
import { checkArgumentNames } from './argument-names.ts';
import { aliased, siteOver } from './bind-from-item.ts';
import type { FromResult, FromSite } from './bind-from-item.ts';
import { coerceArgument } from './coercion.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { Scope } from './scope.ts';
import type { ScopeColumn } from './scope.ts';

interface Parameters {
  readonly names: readonly string[];
  readonly required: number;
}

const PARAMETERS: Readonly<Record<WindowFunction, Parameters>> = {
  tumble: { names: ['size', 'offset', 'time_zone'], required: 1 },
  hop: { names: ['slide', 'size', 'offset', 'time_zone'], required: 2 },
  cumulate: { names: ['step', 'size', 'offset', 'time_zone'], required: 2 },
  session: { names: ['gap'], required: 1 },
};

/** `input`: what the item's relation is bound to. */
export function bindWindowItem(item: WindowItem, input: FromResult, site: FromSite): FromResult {
  const plain = siteOver(site, new Scope(site.lateral, input.items), { phrase: 'functions in FROM' });
  const given = bindArguments(item, plain);
  const [time, ...keys] = [item.time, ...item.keys].map((e) => plain.recurse.expression(e, plain));
  if (windowType(time.type) === null) {
    throw new DatabaseError('42804', `time column of ${item.window}() must be of type date, timestamp or `
      + `timestamp with time zone, not ${mentionType(time.type)}`,
      { position: locationOf(item.time) });
  }
  if (given.has('time_zone') && time.type.kind !== 'timestamptz') {
    throw new DatabaseError('42804', `time_zone of ${item.window}() requires a time column of type timestamp with time zone`,
      { position: item.position });
  }
  return windowOver(item, input, { time, keys, given });
}

function bindArguments(item: WindowItem, site: Site): ReadonlyMap<string, Expression> {
  const { names, required } = PARAMETERS[item.window];
  checkArgumentNames(item.arguments);
  const given = new Map<string, Expression>();
  for (const [i, a] of item.arguments.entries()) {
    const name = a.name ?? names[i];
    if (name === undefined || !names.includes(name) || given.has(name)) throw noSuchWindow(item);
    const type = name === 'time_zone' ? TEXT : INTERVAL;
    const value = coerceArgument(site.env, site.recurse.expression(a.value, site), type, locationOf(a.value));
    if (someExpression(value, (x) => x.kind === 'column')) {
      throw new DatabaseError('22023', `${name} of ${item.window}() must be a constant`, { position: locationOf(a.value) });
    }
    given.set(name, value);
  }
  if (names.slice(0, required).some((n) => !given.has(n))) throw noSuchWindow(item);
  return given;
}

function noSuchWindow({ window, position }: WindowItem): DatabaseError {
  const { names, required } = PARAMETERS[window];
  const shown = names.map((n, i) => (i < required ? n : `[, ${n}]`)).join(', ').replaceAll(', [', ' [');
  const keys = window === 'session' ? '[key, ..] ' : '';
  return new DatabaseError('42883', `wrong arguments of the window function ${window}`, {
    position, hint: `It is called as ${window}(relation, time, ${keys}${shown}).`,
  });
}

interface Bound {
  readonly time: Expression;
  readonly keys: readonly Expression[];
  readonly given: ReadonlyMap<string, Expression>;
}

function windowOver(item: WindowItem, input: FromResult, { time, keys, given }: Bound): FromResult {
  const computed: Expression[] = [];
  const column = (e: Expression): number =>
    (e.kind === 'column' ? e.index : width(input.plan) + computed.push(e) - 1);
  const at = column(time);
  const keyColumns = keys.map(column);
  const below = extend(input.plan, computed, 'time');
  const type = windowType(time.type) ?? time.type;
  const added = ['window_start', 'window_end'].map((name) => ({ name, type }));
  const schema = { columns: [...below.schema.columns, ...added] };
  const need = (name: string): Expression => given.get(name) ?? time;
  const size = item.window === 'session' ? need('gap') : need('size');
  const plan: LogicalPlan = item.window === 'session'
    ? { kind: 'session-window', input: below, time: at, keys: keyColumns, gap: size, closing: false, schema }
    : {
      kind: 'assign-window', window: item.window, input: below, time: at, size, schema,
      slide: item.window === 'tumble' ? size : need(item.window === 'hop' ? 'slide' : 'step'),
      offset: given.get('offset') ?? null, zone: given.get('time_zone') ?? null,
    };
  const [source] = input.items;
  const columns = [...source.columns, ...added.map((a, i): ScopeColumn => ({
    name: a.name, table: 0, attribute: 0, expression: { kind: 'column', index: width(below) + i, type },
  }))];
  return { plan, items: [aliased({ ...source, columns, rowType: null }, item.alias)] };
}
