// OVER: window functions.
import type { NodeId } from '../../engine/circuit/builder.ts';
import { notSupported } from '../../engine/data/error.ts';
import type { WindowPlan } from '../plan/logical-plan.ts';
import type { Compiler } from './compile.ts';

export function compileWindow(plan: WindowPlan, _compiler: Compiler): NodeId {
  throw notSupported(`the window function ${plan.calls[0].name}`);
}
