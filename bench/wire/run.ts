// The wire benches alone: node dist/bench/wire/run.js [copy] [commit].
import { printTable } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import type { Target } from './client.ts';
import { commitBenches, printLatencies } from './commit.ts';
import type { Latency } from './commit.ts';
import { copyBenches } from './copy.ts';
import { Client } from './processes.ts';

export const WIRE_BENCHES = ['copy', 'commit'];

/** The PostgreSQL to compare with: MILLRACE_ORACLE, a URL without a password. */
function oracle(): Target | null {
  const url = process.env['MILLRACE_ORACLE'];
  if (url === undefined || url === '') {
    console.log('MILLRACE_ORACLE is not set: COPY is not compared with PostgreSQL\'s');
    return null;
  }
  const { hostname, port, username, pathname } = new URL(url);
  return { host: hostname, port: Number(port === '' ? 5432 : port), user: username, database: pathname.slice(1) };
}

export async function runWireBenches(
  names: readonly string[],
): Promise<{ readonly throughput: BenchResult[]; readonly latencies: Latency[] }> {
  const client = new Client();
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  try {
    return {
      throughput: wanted('copy') ? await copyBenches(client, oracle()) : [],
      latencies: wanted('commit') ? await commitBenches(client) : [],
    };
  } finally {
    client.stop();
  }
}

if (process.argv[1]?.endsWith('wire/run.js')) {
  const { throughput, latencies } = await runWireBenches(process.argv.slice(2));
  if (throughput.length > 0) printTable(throughput);
  if (latencies.length > 0) printLatencies(latencies);
}
