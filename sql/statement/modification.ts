// Modification: an INSERT, UPDATE, DELETE or MERGE as bound, whether it is a statement or stands in a WITH clause.
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { whenThere } from '../../engine/data/soon.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { DeclaredParameters, Environment } from '../binder/environment.ts';
import type { CommonTableScope } from '../binder/level.ts';
import { sessionEnvironment } from '../planner.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import { inTurns } from '../attempt.ts';
import { runAtOnce } from '../turns.ts';
import type { Work } from '../turns.ts';
import { whenFree } from '../write-conflict.ts';
import type { WithClause } from '../parser/ast.ts';
import type { BoundStatement, StatementResult, WritePlan } from './bound.ts';
import { Effects } from './effects.ts';
import { readCatalog } from './read-catalog.ts';
import { relationsRead, requireSame, unlessRedefined } from './redefined.ts';

/** What a modification is bound against. */
export interface ModificationSite {
  readonly state: SessionState;
  readonly env: Environment;
  /** Of the WITH clause it stands in. */
  readonly commonTables: CommonTableScope | null;
}

export interface Modification {
  /** Of RETURNING; null: there is none. */
  readonly columns: readonly ResultColumn[] | null;
  readonly write: WritePlan;
  /** Absent: yes, may be run again as it is bound. */
  readonly cacheable?: boolean;
  /** Checks and locks that may have to be waited for. */
  readonly prepare: (session: SessionState) => Soon<void>;
  /** The table whose rows it takes away as it has read them; null: it takes none. */
  readonly changes: number | null;
  /** Reads and checks in pieces, then settles (Transaction.settle) and writes. May throw Blocked. */
  readonly run: (session: SessionState, parameters: readonly Datum[]) => Work<Written>;
}

export interface Written {
  /** Rows written. */
  readonly count: number;
  /** RETURNING's rows. */
  readonly returned: Batch | null;
}

/** `tag`: as in `UPDATE 3`. `names`: the statement's WITH clause. */
export function modifyingStatement(
  state: SessionState, declared: DeclaredParameters, statement: {
    readonly names: WithClause | undefined; readonly tag: string; readonly bind: (site: ModificationSite) => Modification;
  },
): BoundStatement {
  const known = state.catalog;
  const catalog = readCatalog(state);
  const effects = new Effects(state, statement.names);
  const env = sessionEnvironment(state, { declared, catalog, effects, atOnce: true });
  const { columns, write, cacheable = true, prepare, changes, run } = statement.bind({ state, env, commonTables: null });
  const parameters = env.parameters.finish();
  const reads = relationsRead(catalog, env.used);
  return {
    parameters, columns, cacheable: cacheable && catalog === known, write,
    run: (session, values) => unlessRedefined(() => {
      session.current.noteRead(reads);
      const work = (): Soon<Written> => {
        requireSame(session, known, reads);
        if (!effects.any) return inTurns(session, { reads, changes }, () => run(session, values));
        return effects.around(session, values, () => runAtOnce(run(session, values), () => session.checkInterrupt()));
      };
      const prepared = whenThere(prepare(session), () => (effects.any ? effects.prepare(session) : undefined));
      const readable = whenThere(prepared, () => session.current.whenReadable(reads, session.lockWait));
      const written = whenThere(readable, () => whenFree(session.current, session.lockWait, work));
      return whenThere(written, (done) => answer(done, columns, statement.tag));
    }, () => modifyingStatement(session, parameters, statement).run(session, values)),
  };
}

function answer({ count, returned }: Written, columns: readonly ResultColumn[] | null, tag: string): StatementResult {
  if (returned === null || columns === null) return { kind: 'command', tag: `${tag} ${count}` };
  return { kind: 'rows', columns, batches: [returned], tag: () => `${tag} ${count}` };
}
