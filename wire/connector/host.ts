// connector = 'host': this machine's own metrics, one row at every interval. Not replayable: what nobody read is gone.
import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { cpus, freemem, hostname, loadavg, totalmem, uptime } from 'node:os';
import { batchFromRows } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { FLOAT8, INT4, INT8, TEXT, TIMESTAMPTZ, sameKind } from '../../engine/data/types.ts';
import type { Column, Schema } from '../../engine/data/types.ts';
import type { SourceBatch, SourceConnector } from '../../engine/runtime/connector.ts';
import { OptionReader, pause } from './options.ts';

/**
 * | column                     | meaning                                                                    |
 * |----------------------------|----------------------------------------------------------------------------|
 * | ts                         | when the row was read                                                      |
 * | cpu                        | share of all cores busy since the row before, 0 to 1 (NULL in the first)   |
 * | load1, load5, load15       | the operating system's load averages                                       |
 * | memory_total, memory_free  | bytes                                                                      |
 * | net_received, net_sent     | bytes since boot, all interfaces but loopback (NULL where not Linux)       |
 * | disk_read, disk_written    | bytes since boot, whole disks (NULL where not Linux)                       |
 * | uptime                     | seconds since boot                                                         |
 */
const COLUMNS: readonly Column[] = [
  { name: 'ts', type: TIMESTAMPTZ },
  { name: 'host', type: TEXT },
  { name: 'cores', type: INT4 },
  { name: 'cpu', type: FLOAT8 },
  { name: 'load1', type: FLOAT8 },
  { name: 'load5', type: FLOAT8 },
  { name: 'load15', type: FLOAT8 },
  { name: 'memory_total', type: INT8 },
  { name: 'memory_free', type: INT8 },
  { name: 'net_received', type: INT8 },
  { name: 'net_sent', type: INT8 },
  { name: 'disk_read', type: INT8 },
  { name: 'disk_written', type: INT8 },
  { name: 'uptime', type: FLOAT8 },
];

interface CpuTimes { readonly busy: number; readonly total: number }
interface Counters { readonly in: bigint | null; readonly out: bigint | null }

function cpuTimes(): CpuTimes {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    total += sum;
    busy += sum - times.idle;
  }
  return { busy, total };
}

const UNKNOWN: Counters = { in: null, out: null };

/** /proc/net/dev: two header lines, then `name: received-bytes ..7 more.. sent-bytes ..`. */
export function parseNetwork(text: string): Counters {
  let received = 0n;
  let sent = 0n;
  for (const line of text.split('\n').slice(2)) {
    const [name, rest] = line.split(':');
    if (rest === undefined || name.trim() === 'lo') continue;
    const fields = rest.trim().split(/\s+/);
    received += BigInt(fields[0]);
    sent += BigInt(fields[8]);
  }
  return { in: received, out: sent };
}

/** /proc/diskstats: `major minor name reads merged sectors-read ms writes merged sectors-written ..`, 512-byte sectors. */
export function parseDisks(text: string): Counters {
  let read = 0n;
  let written = 0n;
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    // Whole disks only: partitions would count twice, loop and ram devices are no disks.
    if (fields.length < 10 || !/^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(fields[2])) continue;
    read += BigInt(fields[5]) * 512n;
    written += BigInt(fields[9]) * 512n;
  }
  return { in: read, out: written };
}

async function counters(path: string, parse: (text: string) => Counters): Promise<Counters> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch {
    return UNKNOWN;
  }
}

async function sample(before: CpuTimes | null, now: CpuTimes): Promise<ReadonlyMap<string, Datum>> {
  const network = await counters('/proc/net/dev', parseNetwork);
  const disks = await counters('/proc/diskstats', parseDisks);
  const [load1, load5, load15] = loadavg();
  const cpu = before === null || now.total <= before.total
    ? null : (now.busy - before.busy) / (now.total - before.total);
  return new Map<string, Datum>([
    ['ts', BigInt(Date.now()) * 1000n], ['host', hostname()], ['cores', cpus().length], ['cpu', cpu],
    ['load1', load1], ['load5', load5], ['load15', load15],
    ['memory_total', BigInt(totalmem())], ['memory_free', BigInt(freemem())],
    ['net_received', network.in], ['net_sent', network.out],
    ['disk_read', disks.in], ['disk_written', disks.out], ['uptime', uptime()],
  ]);
}

/** Any of the columns, in any order, under their own names and types. */
function checkSchema(schema: Schema): void {
  for (const column of schema.columns) {
    const ours = COLUMNS.find((c) => c.name === column.name);
    if (ours === undefined) {
      throw new DatabaseError('42703', `connector "host" has no column "${column.name}"`, {
        hint: `Its columns: ${COLUMNS.map((c) => c.name).join(', ')}.`,
      });
    }
    if (!sameKind(ours.type, column.type)) {
      throw new DatabaseError('42804', `column "${column.name}" of connector "host" is of type ${ours.type.kind}`);
    }
  }
}

export const HOST: SourceConnector = {
  name: 'host',
  description: 'This machine\'s CPU, memory, load, network and disk counters. Options: interval (default 1s).',
  defaultSchema: () => ({ columns: COLUMNS }),
  open({ options, schema }) {
    const reader = new OptionReader('host', options);
    const intervalMs = reader.duration('interval', 1000);
    reader.done();
    checkSchema(schema);
    return {
      async *read(signal: AbortSignal): AsyncIterable<SourceBatch> {
        let before: CpuTimes | null = null;
        let next = Date.now();
        while (!signal.aborted) {
          const now = cpuTimes();
          const values = await sample(before, now);
          before = now;
          const row = schema.columns.map((c) => values.get(c.name) ?? null);
          yield { rows: batchFromRows(schema, [row]), offset: Buffer.from(String(Date.now())) };
          // From the schedule, not from now, so that the rate does not drift; after a long sleep it starts anew.
          next = Math.max(next + intervalMs, Date.now());
          if (!await pause(next - Date.now(), signal)) return;
        }
      },
    };
  },
};
