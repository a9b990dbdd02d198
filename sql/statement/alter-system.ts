// ALTER SYSTEM: parameters of the whole server that can change while it runs.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { AlterSystem } from '../parser/ast-statement.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';

const KILOBYTE = 1024;

/** A limit of bytes as the parameter says it, in kB; without one, 0. */
export function shownLimit(bytes: number): string {
  return Number.isFinite(bytes) ? String(Math.round(bytes / KILOBYTE)) : '0';
}

export function alterSystem({ name, values, position }: AlterSystem): BoundStatement {
  return command((state) => {
    if (state.current.inBlock) throw new DatabaseError('25001', 'ALTER SYSTEM cannot run inside a transaction block');
    if (name === undefined) throw notSupported('ALTER SYSTEM RESET ALL', { position });
    const text = values?.map((v) => v.text).join(', ') ?? null;
    const value = text === null ? null : state.settings.parsed(name, text);
    if (!state.role.superuser) throw new DatabaseError('42501', `permission denied to set parameter "${name}"`);
    if (name.toLowerCase() !== 'memory_limit') throw notSupported(`ALTER SYSTEM for parameter "${name}"`, { position });
    setMemoryLimit(state, value);
    return done('ALTER SYSTEM');
  });
}

/** At once, for all sessions; the next start is told by --memory-limit. */
function setMemoryLimit(state: SessionState, value: string | null): void {
  const { runtime, sessions } = state.services;
  runtime.setMemoryLimit(value === null ? null : Number(value) * KILOBYTE);
  for (const peer of sessions.values()) peer.forceSetting('memory_limit', shownLimit(runtime.memory().limit));
  if (value === null) return;
  state.notice('NOTICE', new DatabaseError('00000', 'memory_limit holds until the server ends', {
    hint: 'The next start is told by --memory-limit.',
  }));
}
