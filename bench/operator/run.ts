// The operator benches alone: node dist/bench/operator/run.js [name ..].
import { printTable } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import { groupByBenches } from './group-by.ts';
import { relationalBenches } from './relational.ts';

/** By name, so that one can be run alone. */
export const OPERATOR_BENCHES: Readonly<Record<string, () => BenchResult[]>> = {
  relational: relationalBenches,
  'group-by': groupByBenches,
};

export function runOperatorBenches(names: readonly string[]): BenchResult[] {
  return Object.entries(OPERATOR_BENCHES).filter(([name]) => names.length === 0 || names.includes(name))
    .flatMap(([, bench]) => bench());
}

if (process.argv[1]?.endsWith('operator/run.js')) printTable(runOperatorBenches(process.argv.slice(2)));
