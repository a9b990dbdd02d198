// Damages data folders at random: none may give a wrong answer, it is detected or does no harm; and the check finds what was detected.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../support/compile.ts';

export interface DamageTotals {
  cases: number;
  /** An error that says so, when the folder is opened or the damaged part is read. */
  detected: number;
  /** All answers as before. */
  harmless: number;
  /** Of a killed server: the journal's last commits are gone; the log says that something was cut. */
  tailTold: number;
  /** The same, and nothing says so: a journal that ends is no different from one that was never written on. */
  tailSilent: number;
  /** The process ended or hung: LevelDB reads its files without checks of its own. */
  crashed: number;
  /** Answers that there never were. Must be 0. */
  readonly wrong: string[];
}

const HANGS = 60_000;

interface Child {
  readonly args: readonly string[];
  line(text: string): void;
}

/** Null: it ended by itself and well. */
function run(program: string, { args, line }: Child): Promise<string | null> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    const hung = (): void => void child.kill('SIGKILL');
    let timer = setTimeout(hung, HANGS);
    createInterface(child.stdout).on('line', (text) => {
      clearTimeout(timer);
      timer = setTimeout(hung, HANGS);
      line(text);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done(code === 0 ? null : `${signal ?? code} ${errors}`);
    });
  });
}

export async function damageTest(cases: number, seed: number, log: (line: string) => void): Promise<DamageTotals> {
  const built = fileURLToPath(new URL('damage-child.js', import.meta.url));
  const program = existsSync(built) ? built : compileProgram('test/crash/damage-child.ts');
  const place = mkdtempSync(join(tmpdir(), 'millrace-damage-'));
  const totals: DamageTotals = { cases: 0, detected: 0, harmless: 0, tailTold: 0, tailSilent: 0, crashed: 0, wrong: [] };
  try {
    const failure = await run(program, { args: [place, String(seed)], line: () => {} });
    if (failure !== null) throw new Error(`could not prepare the folders: ${failure}`);
    while (totals.cases < cases) {
      let begun = '';
      const line = (text: string): void => {
        if (text.startsWith('begin ')) begun = text.slice(6);
        else if (text.startsWith('end ')) count(totals, begun, text.slice(4), log);
      };
      const ended = await run(program, { args: [place, String(seed), String(totals.cases), String(cases)], line });
      if (ended === null) break;
      totals.cases++;
      totals.crashed++;
      log(`crashed: seed ${seed}, case ${begun}: ${ended}`);
    }
  } finally {
    rmSync(place, { recursive: true });
  }
  return totals;
}

function count(totals: DamageTotals, begun: string, text: string, log: (line: string) => void): void {
  totals.cases++;
  const outcome = text.split(' ', 1)[0];
  log(`${begun} → ${text}`);
  if (outcome === 'detected') totals.detected++;
  else if (outcome === 'harmless') totals.harmless++;
  else if (outcome === 'tail-told') totals.tailTold++;
  else if (outcome === 'tail-silent') totals.tailSilent++;
  else totals.wrong.push(`case ${begun}: ${text}`);
}

// node dist/test/crash/damage.js [cases] [seed]
if (process.argv[1]?.endsWith('damage.js') === true) {
  const totals = await damageTest(Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1), console.log);
  console.log(JSON.stringify(totals));
  if (totals.wrong.length > 0) process.exitCode = 1;
}
