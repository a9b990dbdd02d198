// The wire benches alone: node dist/bench/wire/run.js [copy] [commit].
import { printTable } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import { oracle } from '../oracle.ts';
import { commitBenches, printLatencies } from './commit.ts';
import type { Latency } from './commit.ts';
import { copyBenches } from './copy.ts';
import { Client } from './processes.ts';

export const WIRE_BENCHES = ['copy', 'commit'];

export async function runWireBenches(
  names: readonly string[],
): Promise<{ readonly throughput: BenchResult[]; readonly latencies: Latency[] }> {
  const client = new Client();
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  try {
    return {
      throughput: wanted('copy') ? await copyBenches(client, oracle('COPY is not compared with PostgreSQL\'s')) : [],
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
