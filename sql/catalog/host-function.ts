// How a function that needs the session is defined.
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { scalar } from '../../engine/function/define.ts';
import type { CallInfo, ScalarFunction } from '../../engine/function/function.ts';
import { SessionState } from '../session-state.ts';

/** The session a call runs in; 0A000 in a view, which has none. */
function session(call: CallInfo): SessionState {
  const { host: found } = call.context;
  if (found instanceof SessionState) return found;
  throw new DatabaseError('0A000', 'functions of the session are not supported in materialized views');
}

interface Spec {
  readonly name: string;
  readonly args?: readonly LogicalType[];
  readonly returns: LogicalType;
  readonly description: string;
  readonly volatility?: 'stable' | 'volatile';
  readonly strict?: boolean;
  /** Volatile, and may be called once more where a statement is run anew. */
  readonly repeatable?: true;
  readonly row: (args: readonly Datum[], state: SessionState) => Datum;
}

export function host(spec: Spec): ScalarFunction {
  const { args = [], volatility = 'stable', repeatable = volatility === 'stable', row, ...rest } = spec;
  return scalar({
    ...rest, args, volatility, row: (values, call) => {
      const state = session(call);
      if (!repeatable) state.transaction?.settle();
      return row(values, state);
    },
  });
}
