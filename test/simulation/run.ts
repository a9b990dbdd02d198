// `npm run test:simulation -- [--schedules N] [--minutes M] [--seed S] [--case K] [--kind runtime|sql] [--processes 1|2]`: random
// schedules with crashes and faults, all checked; a violation comes with the line that repeats it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { noTotals, runSchedule } from './schedule.ts';
import type { ScheduleOptions, Totals } from './schedule.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' }, minutes: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' },
    kind: { type: 'string' }, processes: { type: 'string' }, first: { type: 'string' }, step: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000);
const only = values.case === undefined ? null : Number(values.case);
const schedules = Number(values.schedules ?? (values.minutes === undefined ? 1000 : Infinity));
const processes = only === null && values.first === undefined ? Math.min(2, Number(values.processes ?? 1)) : 1;
const kind: ScheduleOptions['kind'] = values.kind === 'sql' ? 'sql' : 'runtime';
const end = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000;
/** After so many one looks first. */
const MOST = 5;

interface Outcome {
  readonly totals: Totals;
  readonly violations: number;
}

async function work(first: number, step: number): Promise<Outcome> {
  const totals = noTotals();
  let violations = 0;
  // A promise that nobody waits for is a fault of ours, whichever schedule it was.
  process.on('unhandledRejection', (error) => {
    violations++;
    console.log(`not handled: ${error instanceof Error ? error.stack : String(error)}`);
  });
  for (let k = only ?? first; (only === null ? k < schedules : k === only) && Date.now() < end && violations < MOST; k += step) {
    try {
      const log = only === null ? {} : { log: (line: string): void => console.log(line) };
      await runSchedule({ seed: Math.imul(seed, 1_000_003) + k, kind, ...log }, totals);
    } catch (error) {
      violations++;
      console.log(`case ${k}: ${error instanceof Error ? error.stack : String(error)}`);
      console.log(`  npm run test:simulation -- --kind ${kind} --seed ${seed} --case ${k}`);
    }
  }
  return { totals, violations };
}

/** The same in a process of its own; its share of the cases. */
function elsewhere(first: number, step: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--seed', String(seed), '--first', String(first), '--step', String(step)]);
    let outcome: Outcome | null = null;
    child.on('message', (message: Outcome) => { outcome = message; });
    child.on('exit', () => {
      if (outcome === null) reject(new Error('a process ended without a result'));
      else resolve(outcome);
    });
  });
}

if (values.first !== undefined) {
  const outcome = await work(Number(values.first), Number(values.step));
  process.send?.(outcome, () => process.exit(0));
} else {
  const start = performance.now();
  console.log(`seed ${seed}`);
  const outcomes = processes === 1 ? [await work(0, 1)]
    : await Promise.all(Array.from({ length: processes }, (_, i) => elsewhere(i, processes)));
  const totals = noTotals();
  for (const outcome of outcomes) {
    for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += outcome.totals[name];
  }
  const violations = outcomes.reduce((sum, outcome) => sum + outcome.violations, 0);
  const minutes = (performance.now() - start) / 60_000;
  console.log(Object.entries(totals).map(([name, count]) => `${name} ${count}`).join(', '));
  console.log(`${totals.schedules} schedules (${kind}), ${violations} violations, ${Math.round(totals.steps / minutes)} steps a minute`);
  console.log(`${totals.schedules - violations} passed, ${violations} failed`);
  process.exit(violations === 0 ? 0 : 1);
}
