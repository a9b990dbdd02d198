// What all benches share: timing of repeated runs, and the table of results.

export interface Ratio {
  readonly to: string;
  readonly rowsPerSecond: number;
  readonly least: number;
  /** What is divided, when it is not the line's `rowsPerSecond`. */
  readonly own?: number;
}

/** One line of the table. Rows per second of CPU, median of the runs. */
export interface BenchResult {
  readonly name: string;
  readonly rowsPerSecond: number;
  /** Rows per second of wall time, median. */
  readonly wall?: number;
  /** What it must reach, rows per second. */
  readonly floor?: number;
  /** Compared with peers of the same run: what to divide by, and the least ratio. */
  readonly ratios?: readonly Ratio[];
}

export interface Timed {
  readonly rows: number;
  /** Builds what is measured, with no state, and returns the run. */
  readonly prepare: () => () => void;
  readonly runs?: number;
}

/** Median rates of fresh runs. CPU time, not wall time: the machine is shared, and a step is one thread. */
export function timeRuns({ rows, prepare, runs = 7 }: Timed): { readonly cpu: number; readonly wall: number } {
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let i = 0; i < runs; i++) {
    const run = prepare();
    globalThis.gc?.();
    const startCpu = process.cpuUsage();
    const start = process.hrtime.bigint();
    run();
    const elapsed = Number(process.hrtime.bigint() - start) / 1e9;
    const { user, system } = process.cpuUsage(startCpu);
    cpu.push(rows / Math.max((user + system) / 1e6, 1e-6));
    wall.push(rows / elapsed);
  }
  return { cpu: median(cpu), wall: median(wall) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

export function rate(rowsPerSecond: number): string {
  if (rowsPerSecond >= 1e6) return `${(rowsPerSecond / 1e6).toFixed(2)} M`;
  return `${(rowsPerSecond / 1e3).toFixed(0)} k`;
}

function ratioOf(result: BenchResult, ratio: Ratio): number {
  return (ratio.own ?? result.rowsPerSecond) / ratio.rowsPerSecond;
}

/** Whether every floor and ratio holds. */
export function holds(result: BenchResult): boolean {
  const floor = result.floor === undefined || result.rowsPerSecond >= result.floor;
  return floor && (result.ratios ?? []).every((r) => ratioOf(result, r) >= r.least);
}

export function printTable(results: readonly BenchResult[]): void {
  const lines = [['bench', 'rows/s CPU', 'rows/s wall', 'floor', 'ratios', '']];
  for (const result of results) {
    const ratios = (result.ratios ?? [])
      .map((r) => `${ratioOf(result, r).toFixed(2)} × ${r.to} (≥ ${r.least})`);
    lines.push([
      result.name, rate(result.rowsPerSecond), result.wall === undefined ? '' : rate(result.wall),
      result.floor === undefined ? '' : rate(result.floor), ratios.join(', '),
      result.floor === undefined && ratios.length === 0 ? '' : holds(result) ? 'holds' : 'BELOW',
    ]);
  }
  const widths = lines[0].map((_, c) => Math.max(...lines.map((line) => line[c].length)));
  for (const line of lines) {
    const cells = line.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])));
    console.log(cells.join('  ').trimEnd());
  }
}
