// A control group with a memory limit for a process of a test; version 1 or 2, as the machine has it.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

export class MemoryGroup {
  readonly #folder: string;
  readonly #usage: string;

  private constructor(folder: string, usage: string) {
    this.#folder = folder;
    this.#usage = usage;
  }

  /** Throws where it is not permitted. */
  static make(name: string, bytes: number): MemoryGroup {
    const old = existsSync(join(ROOT, 'memory', 'memory.limit_in_bytes'));
    const folder = join(ROOT, old ? 'memory' : '', name);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, old ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes));
    } catch (error) {
      rmdirSync(folder);
      throw error;
    }
    return new MemoryGroup(folder, old ? 'memory.max_usage_in_bytes' : 'memory.peak');
  }

  /** Why there are no such groups for us; null: there are. */
  static refusal(): string | null {
    try {
      MemoryGroup.make(`millrace-probe-${process.pid}`, 64 << 20).remove();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** A command that starts the rest of its arguments in the group. */
  get command(): readonly string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#folder, 'cgroup.procs')];
  }

  /** The most that was in use, files that the kernel may drop included; NaN where it is not told. */
  get peakBytes(): number {
    const path = join(this.#folder, this.#usage);
    return existsSync(path) ? Number(readFileSync(path, 'utf8')) : NaN;
  }

  /** Requires: its processes have ended. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}
