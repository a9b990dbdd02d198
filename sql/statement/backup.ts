// BACKUP TO 'folder': all that is committed, into a backup folder, while the server goes on; again: what has changed.
import { resolve } from 'node:path';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Backup } from '../parser/ast-statement.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';

export function backup(statement: Backup): BoundStatement {
  return command(async (state) => {
    const { services } = state;
    if (state.current.kind === 'block') throw new DatabaseError('25001', 'BACKUP cannot run inside a transaction block');
    if (services.catalog.role(state.currentUser)?.superuser === false) {
      throw new DatabaseError('42501', 'must be superuser to take a backup');
    }
    if (services.backup === null) throw notSupported('BACKUP of a database in memory');
    if (statement.folder === '') throw new DatabaseError('22023', 'the name of the backup folder is empty');
    await services.runtime.checkpoint();
    const { epoch, pages, copiedPages, copiedBytes } = await services.backup(resolve(statement.folder));
    state.notice('INFO', new DatabaseError('00000',
      `backup of epoch ${epoch}: ${pages} pages, ${copiedPages} of them copied (${Math.ceil(copiedBytes / 1024)} kB)`));
    return done('BACKUP');
  });
}
