// Loaded into a bench's server: how long its main thread works at most without letting its event loop turn, in CPU time, which other
// processes of the machine do not lengthen. SIGUSR2 begins; the next one writes the milliseconds into a file.
import { openSync, readSync, writeFileSync } from 'node:fs';

/** Where they are written, in the environment of the server. */
export const STRETCHES_FILE = 'MILLRACE_BENCH_STRETCHES';

const path = process.env[STRETCHES_FILE];
const bytes = new Uint8Array(64);
let file = -1;
let watching = false;

/** Milliseconds of the main thread, whose number is the process's; Linux says them first. */
function threadCpu(): number {
  if (file < 0) file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const length = readSync(file, bytes, 0, bytes.length, 0);
  return Number(Buffer.from(bytes.buffer, 0, length).toString('latin1').split(' ')[0]) / 1e6;
}

function watch(to: string): void {
  let last = threadCpu();
  let longest = 0;
  watching = true;
  const look = (): void => {
    const now = threadCpu();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setTimeout(look, 0);
    else writeFileSync(to, longest.toFixed(2));
  };
  setTimeout(look, 0);
}

if (path !== undefined) {
  process.on('SIGUSR2', () => {
    if (watching) watching = false;
    else watch(path);
  });
}
