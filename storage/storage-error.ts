// Faults of the disk as DatabaseErrors with PostgreSQL's codes.
import { DatabaseError } from '../engine/data/error.ts';

/** The system's name of it; LevelDB tells the system's words only. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.endsWith('No space left on device')) return 'ENOSPC';
  if (error.message.endsWith('Disk quota exceeded')) return 'EDQUOT';
  if (error.message.endsWith('Too many open files')) return 'EMFILE';
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** 53100 for a full disk, 53000 out of files, 58030 for anything else; a DatabaseError stays as it is. */
export function storageError(error: unknown, what: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case 'ENOSPC': case 'EDQUOT':
      return new DatabaseError('53100', `${what}: No space left on device`, { cause: error });
    case 'EMFILE': case 'ENFILE':
      return new DatabaseError('53000', `${what}: Too many open files`, { cause: error });
    default:
      return new DatabaseError('58030', `${what}: ${reason}`, { cause: error });
  }
}
