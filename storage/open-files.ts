// How many files this process may have open, and how many of them the database itself needs.
import { readFileSync } from 'node:fs';

/**
 * For the journal, LevelDB (its tables are mapped, not held open), the page file, a backup, sources, and what comes in
 * only to be refused.
 */
const RESERVED = 96;

/** Connections that leave the database the files it needs; null where the system (not Linux) does not say. At least 1. */
export function safeConnections(): number | null {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return null;
  }
  // Soft limit first; Node has raised it to the hard one.
  const soft = /^Max open files\s+(\d+)/m.exec(limits);
  return soft === null ? null : Math.max(1, Number(soft[1]) - RESERVED);
}
