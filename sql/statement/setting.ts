// SET, SHOW, RESET, DISCARD.
import { vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { formatInterval, parseInterval } from '../../engine/data/interval-text.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { TEXT } from '../../engine/data/types.ts';
import type { Discard, SetSetting, ShowSetting } from '../parser/ast-statement.ts';
import { quoteIdentifier } from '../catalog/dependency.ts';
import { validSearchPath } from '../session-state.ts';
import type { SessionState } from '../session-state.ts';
import { discardTemporary } from '../temporary.ts';
import type { BoundStatement } from './bound.ts';
import { command, done, resultColumn } from './bound.ts';

/** Parameters whose value is a list. */
const LISTS: ReadonlySet<string> = new Set([
  'search_path', 'datestyle', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries',
]);

export function setSetting(statement: SetSetting): BoundStatement {
  return command((state) => {
    const { name, values, local } = statement;
    if (local && !state.current.inBlock) {
      state.warn('25P01', 'SET LOCAL can only be used in transaction blocks');
    }
    if (values === undefined) state.settings.reset(name, local);
    else setValue(state, statement, values);
    return done('SET');
  });
}

function setValue(state: SessionState, statement: SetSetting, values: NonNullable<SetSetting['values']>): void {
  const { name, local } = statement;
  if (values.length > 1 && !LISTS.has(name)) {
    throw new DatabaseError('22023', `SET ${state.settings.properName(name)} takes only one argument`);
  }
  const [first] = values;
  if (name === 'timezone' && first.kind === 'interval') {
    state.settings.set(name, zoneInterval(first.text, state), local);
    return;
  }
  const text = name === 'search_path' ? validSearchPath(values.map((v) => quoteIdentifier(v.text)).join(', '))
    : values.map((v) => v.text).join(', ');
  state.settings.set(name, text, local);
}

/** SET TIME ZONE INTERVAL '+02:00'. */
function zoneInterval(text: string, state: SessionState): string {
  return `INTERVAL '${formatInterval(parseInterval(text, state.settings.format), DEFAULT_FORMAT)}'`;
}

export function showSetting(statement: ShowSetting): BoundStatement {
  const { name } = statement;
  if (name === undefined) return showAll();
  return {
    parameters: [], columns: [resultColumn(name, TEXT)], cacheable: false,
    run: (state) => {
      const columns = [resultColumn(state.settings.properName(name), TEXT)];
      const value = name === 'transaction_isolation' ? state.current.isolation : state.settings.show(name);
      return { kind: 'rows', columns, batches: [new Batch([vectorFromDatums(TEXT, [value])], 1)], tag: () => 'SHOW' };
    },
  };
}

/** SHOW's column is named as the parameter is, whatever the case it was asked for in. */
export function bindShow(statement: ShowSetting, state: SessionState): BoundStatement {
  const bound = showSetting(statement);
  const { name } = statement;
  if (name === undefined) return bound;
  state.settings.show(name);
  return { ...bound, columns: [resultColumn(state.settings.properName(name), TEXT)] };
}

function showAll(): BoundStatement {
  const columns = [resultColumn('name', TEXT), resultColumn('setting', TEXT), resultColumn('description', TEXT)];
  return {
    parameters: [], columns, cacheable: false,
    run: (state) => {
      const list = state.settings.list().toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
      const vectors = [
        vectorFromDatums(TEXT, list.map((s) => s.name)),
        vectorFromDatums(TEXT, list.map((s) => state.settings.show(s.name))),
        vectorFromDatums(TEXT, list.map((s) => s.description)),
      ];
      return { kind: 'rows', columns, batches: [new Batch(vectors, list.length)], tag: () => 'SHOW' };
    },
  };
}

export function resetSetting(statement: ShowSetting): BoundStatement {
  return command((state) => {
    if (statement.name === undefined) state.settings.resetAll();
    else state.settings.reset(statement.name);
    return done('RESET');
  });
}

export function discard(statement: Discard): BoundStatement {
  return command(async (state) => {
    switch (statement.target) {
      case 'all':
        if (state.current.kind === 'block') {
          throw new DatabaseError('25001', 'DISCARD ALL cannot run inside a transaction block');
        }
        for (const portal of state.portals.values()) portal.close();
        state.portals.clear();
        state.settings.resetAll();
        state.settings.reset('role');
        state.settings.reset('session_authorization');
        state.prepared.clear();
        state.listening.clear();
        state.advisory.releaseAll();
        forgetSequences(state);
        await discardTemporary(state);
        return done('DISCARD ALL');
      case 'plans': return done('DISCARD PLANS');
      case 'sequences':
        forgetSequences(state);
        return done('DISCARD SEQUENCES');
      case 'temp':
        await discardTemporary(state);
        return done('DISCARD TEMP');
    }
  });
}

function forgetSequences(state: SessionState): void {
  state.sequenceValues.clear();
  state.lastSequence = null;
}
