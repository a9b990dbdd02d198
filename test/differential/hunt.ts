// The hunt: generated cases one after another, on a PostgreSQL 15 and on a server in this process.
import { Random } from '../support/random.ts';
import { startTestServer } from '../support/server.ts';
import type { Address } from '../support/protocol-client.ts';
import { SqlClient, compareCase, script, shrink } from './compare.ts';
import type { CaseResult } from './compare.ts';
import { generateCase } from './generate.ts';
import type { CaseSpec } from './generate.ts';

export interface HuntOptions {
  readonly oracle: Address;
  readonly seed: number;
  /** Case numbers from .. until `done` says so. */
  readonly first: number;
  done(cases: number): boolean;
  readonly views: number;
  readonly transactions: number;
  log(line: string): void;
}

export interface HuntTotals {
  readonly cases: number;
  readonly views: number;
  readonly comparisons: number;
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

/** Runs one case on fresh databases of both. */
async function runFresh(spec: CaseSpec, oracle: Address): Promise<CaseResult> {
  const server = await startTestServer();
  const schema = `case_${process.pid}_${Math.abs(spec.seed)}`;
  const theirs = await SqlClient.connect(oracle, 'postgres');
  try {
    await theirs.run(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await theirs.run(`CREATE SCHEMA ${schema}`);
    await theirs.run(`SET search_path = ${schema}`);
    const ours = await SqlClient.connect(server.address, 'millrace');
    const result = await compareCase(spec, ours, theirs);
    ours.close();
    return result;
  } finally {
    await theirs.run(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    theirs.close();
    await server.stop();
  }
}

export async function hunt(options: HuntOptions): Promise<HuntTotals> {
  let cases = 0;
  let views = 0;
  let comparisons = 0;
  const failures: string[] = [];
  for (let number = options.first; !options.done(cases); number++) {
    const caseSeed = options.seed * 100_003 + number;
    const spec = generateCase(new Random(caseSeed), caseSeed, options);
    const result = await runFresh(spec, options.oracle);
    cases++;
    views += result.views;
    comparisons += result.comparisons;
    if (result.mismatch === null) continue;
    const small = await shrink(spec, async (c) => (await runFresh(c, options.oracle)).mismatch !== null);
    const { mismatch } = await runFresh(small, options.oracle);
    const report = [
      `case ${number} of seed ${options.seed}: ${mismatch?.what ?? result.mismatch.what}`,
      `  ours:   ${mismatch?.ours ?? result.mismatch.ours}`,
      `  theirs: ${mismatch?.theirs ?? result.mismatch.theirs}`,
      script(small),
      `reproduce: npm run test:long -- --seed ${options.seed} --case ${number}`,
    ].join('\n');
    failures.push(report);
    options.log(report);
  }
  return { cases, views, comparisons, failures };
}
