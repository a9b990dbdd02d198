// What CPU another process has used, as Linux tells.
import { readFileSync } from 'node:fs';

/** Kernel ticks a second as /proc counts them: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of a process with all its threads, 0 where /proc is not there. */
export function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}
