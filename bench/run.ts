// npm run bench: every bench, one table; names as arguments run a part (an operator bench's, memory, copy, commit).
//
// tpch, restart, checkpoint, index and turns take minutes and run when they are named only.
import { holds, printTable } from './bench.ts';
import { OPERATOR_BENCHES, runOperatorBenches } from './operator/run.ts';
import { MEMORY_BENCHES, runMemoryBenches } from './memory/run.ts';
import { runTpch } from './tpch/run.ts';
import { runCheckpoint } from './wire/checkpoint.ts';
import { runIndexReads } from './wire/index-reads.ts';
import { latenciesHold, printLatencies } from './wire/commit.ts';
import { runRestart } from './wire/restart.ts';
import { runTurns } from './wire/turns.ts';
import { WIRE_BENCHES, runWireBenches } from './wire/run.ts';

const names = process.argv.slice(2);
/** Whether any of these was asked for; no name asks for all. */
const wanted = (part: readonly string[]): boolean => names.length === 0 || part.some((name) => names.includes(name));

const tpch = !names.includes('tpch') || await runTpch();
const restart = !names.includes('restart') || await runRestart();
const checkpoint = !names.includes('checkpoint') || await runCheckpoint();
const index = !names.includes('index') || await runIndexReads();
const turns = !names.includes('turns') || await runTurns();
const operators = wanted(Object.keys(OPERATOR_BENCHES)) ? runOperatorBenches(names) : [];
const memory = wanted(MEMORY_BENCHES) ? await runMemoryBenches() : [];
const wire = wanted(WIRE_BENCHES) ? await runWireBenches(names) : { throughput: [], latencies: [] };
const results = [...operators, ...memory, ...wire.throughput];
if (results.length > 0) printTable(results);
if (wire.latencies.length > 0) printLatencies(wire.latencies);
if (!tpch || !restart || !checkpoint || !index || !turns || !results.every(holds) || !latenciesHold(wire.latencies)) process.exitCode = 1;
