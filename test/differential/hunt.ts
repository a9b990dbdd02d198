// The hunt: generated cases, some at a time, on a PostgreSQL 15 and on servers in this process.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../support/random.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import type { Address } from '../support/protocol-client.ts';
import { SqlClient, compareCase, script } from './compare.ts';
import type { CaseResult } from './compare.ts';
import { generateCase } from './generate.ts';
import type { CaseSpec } from './generate.ts';
import { LAWS } from './metamorphic.ts';
import { shrink } from './shrink.ts';

export interface HuntOptions {
  readonly oracle: Address;
  readonly seed: number;
  /** Case numbers from .. until `done` says so. */
  readonly first: number;
  done(cases: number): boolean;
  readonly views: number;
  readonly transactions: number;
  /** Whether each tenth case is also put to the laws that need no judge. */
  readonly laws: boolean;
  log(line: string): void;
}

export interface HuntTotals {
  readonly cases: number;
  /** Distinct queries of views. */
  readonly views: number;
  /** Answers compared: of a view, or of its query ad hoc, after a transaction. */
  readonly comparisons: number;
  /** Answers compared by the laws. */
  readonly lawComparisons: number;
  /** What was found, shrunk, with its reproducer. */
  readonly failures: readonly string[];
}

/** The oracle's address from MILLRACE_ORACLE, or null. */
export function oracleAddress(): Address | null {
  const text = process.env['MILLRACE_ORACLE'];
  if (text === undefined) return null;
  const url = new URL(text);
  return { host: url.hostname, port: Number(url.port === '' ? 5432 : url.port) };
}

/** A server on a folder that can be stopped, or left as a crash would leave it, and started again. */
class OnDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-hunt-'));
  #generation = 0;
  #server: TestServer | null = null;

  async start(): Promise<SqlClient> {
    this.#server = await startTestServer(this.#data());
    return SqlClient.connect(this.#server.address, 'millrace');
  }

  async restarted(crash: boolean): Promise<SqlClient> {
    if (crash) {
      const before = this.#data();
      this.#generation++;
      cpSync(before, this.#data(), { recursive: true });
      rmSync(join(this.#data(), 'state', 'LOCK'), { force: true });
    }
    await this.#server?.stop();
    return this.start();
  }

  async end(): Promise<void> {
    await this.#server?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #data(): string {
    return join(this.#folder, String(this.#generation));
  }
}

class InMemory {
  #server: TestServer | null = null;

  async start(): Promise<SqlClient> {
    this.#server = await startTestServer();
    return SqlClient.connect(this.#server.address, 'millrace');
  }

  restarted(): Promise<SqlClient> {
    return Promise.reject(new Error('nothing is kept in memory'));
  }

  async end(): Promise<void> {
    await this.#server?.stop();
  }
}

/** Runs one case on fresh databases of both. */
async function runFresh(spec: CaseSpec, oracle: Address): Promise<CaseResult> {
  const host = spec.restarts ? new OnDisk() : new InMemory();
  const schema = `case_${process.pid}_${Math.abs(spec.seed)}`;
  const theirs = await SqlClient.connect(oracle, 'postgres');
  try {
    await theirs.runAll([`DROP SCHEMA IF EXISTS ${schema} CASCADE`, `CREATE SCHEMA ${schema}`, `SET search_path = ${schema}`]);
    const client = await host.start();
    return await compareCase(spec, { client, restarted: (crash) => host.restarted(crash) }, theirs);
  } finally {
    await theirs.run(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    theirs.close();
    await host.end();
  }
}

const LAW_EVERY = 10;

/** While one case waits for PostgreSQL, another is at work. */
const AT_A_TIME = 3;

export async function hunt(options: HuntOptions): Promise<HuntTotals> {
  let next = options.first;
  let begun = 0;
  let comparisons = 0;
  let lawComparisons = 0;
  const views = new Set<string>();
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    while (!options.done(begun)) {
      begun++;
      const number = next++;
      const caseSeed = options.seed * 100_003 + number;
      const spec = generateCase(new Random(caseSeed), caseSeed, options);
      const result = await runFresh(spec, options.oracle);
      for (const view of result.views) views.add(view);
      comparisons += result.comparisons;
      const reports = result.mismatch === null ? [] : [await reportOf(spec, result.mismatch, options, number)];
      if (options.laws && number % LAW_EVERY === 0) {
        const report = await Object.values(LAWS)[(number / LAW_EVERY) % 3](caseSeed);
        lawComparisons += report.comparisons;
        reports.push(...report.broken.slice(0, 1).map((text) => `${text}\n${reproducer(options.seed, number)}`));
      }
      failures.push(...reports);
      for (const report of reports) options.log(report);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return { cases: begun, views: views.size, comparisons, lawComparisons, failures };
}

async function reportOf(
  spec: CaseSpec, first: NonNullable<CaseResult['mismatch']>, { oracle, seed }: HuntOptions, number: number,
): Promise<string> {
  const small = await shrink(spec, async (c) => (await runFresh(c, oracle)).mismatch?.kind === first.kind);
  const mismatch = (await runFresh(small, oracle)).mismatch ?? first;
  return [
    `case ${number} of seed ${seed}: ${mismatch.what}`,
    `  ours:   ${mismatch.ours}`,
    `  theirs: ${mismatch.theirs}`,
    script(small),
    reproducer(seed, number),
  ].join('\n');
}

function reproducer(seed: number, number: number): string {
  return `reproduce: npm run test:long -- --seed ${seed} --case ${number}`;
}
