// `millrace check`: what a data folder holds and what of it is damaged, in the names of the catalog.
import { decodeMeta } from '../engine/runtime/checkpoint.ts';
import { checkFolder } from '../storage/check.ts';
import type { FolderReport } from '../storage/check.ts';
import { decodeCatalog } from './catalog/codec.ts';

export interface CheckResult {
  /** For the user: what there is, then what is damaged. */
  readonly lines: readonly string[];
  readonly damaged: boolean;
}

/** Throws F0001 when a server runs on the folder, F0000 when it holds no database that this program reads. */
export async function checkDatabase(folder: string): Promise<CheckResult> {
  const report = await checkFolder(folder);
  const { checkpoint, states } = report.store;
  const { names, fault } = relationNames(report);
  const lines = [
    checkpoint.meta === null ? 'no checkpoint' : `checkpoint ${checkpoint.number} of epoch ${checkpoint.meta.epoch}`,
    ...journalLines(report.journal),
    ...totals(states, names),
  ];
  const damages = report.findings.map(({ where, what, state, lost }) =>
    `DAMAGED ${placeOf(where, state, names)}: ${what}; lost: ${lossOf(state, lost)}`);
  if (fault !== null) damages.push(`DAMAGED checkpoint record: ${fault}; lost: everything that the journal does not have`);
  lines.push(...damages, damages.length === 0 ? 'no damage found' : `${damages.length} damages found`);
  return { lines, damaged: damages.length > 0 };
}

function journalLines(journal: FolderReport['journal']): string[] {
  if (journal === null) return ['a backup'];
  const { segments, firstEpoch, lastEpoch, unfinished } = journal;
  const commits = lastEpoch < firstEpoch || firstEpoch === 0 ? 'no commits' : `commits of epochs ${firstEpoch} to ${lastEpoch}`;
  const line = `journal: ${segments} ${segments === 1 ? 'segment' : 'segments'}, ${commits}`;
  if (unfinished === 0) return [line];
  const what = 'of one that was not finished or of what the file held before';
  return [line, `journal: ${unfinished} bytes behind the last commit, ${what}: the next start cuts them off`];
}

type Names = ReadonlyMap<number, string>;

function relationNames({ store }: FolderReport): { readonly names: Names; readonly fault: string | null } {
  const names = new Map<number, string>();
  const { meta } = store.checkpoint;
  if (meta === null) return { names, fault: null };
  try {
    for (const entry of decodeCatalog(decodeMeta(meta.bytes).catalog).entries) {
      if ('schema' in entry) names.set(entry.oid, `${entry.kind.replace('-', ' ')} ${entry.schema}.${entry.name}`);
    }
    return { names, fault: null };
  } catch (error) {
    return { names, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** States are named `r/<relation>/rows` and `v/<view>/<operator's state>`. */
function relationOf(state: string): number {
  return Number(state.split('/')[1]);
}

function nameOf(state: string, names: Names): string {
  const relation = relationOf(state);
  const name = names.get(relation) ?? `relation ${relation}`;
  return state.startsWith('v/') ? `the operators of ${name}` : name;
}

function placeOf(where: string, state: string | null, names: Names): string {
  return state === null ? where : where.replace(`state ${state}`, nameOf(state, names));
}

function lossOf(state: string | null, lost: string): string {
  return state?.startsWith('v/') === true ? 'nothing, once the view is dropped and created again' : lost;
}

/** A line a relation, operators counted with their view. */
function totals(states: FolderReport['store']['states'], names: Names): string[] {
  const sums = new Map<string, { pages: number; bytes: number }>();
  for (const [state, { pages, bytes }] of states) {
    const name = nameOf(`r/${relationOf(state)}`, names);
    const sum = sums.get(name) ?? { pages: 0, bytes: 0 };
    sums.set(name, { pages: sum.pages + pages, bytes: sum.bytes + bytes });
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { pages, bytes }]) => `${name}: ${pages} ${pages === 1 ? 'page' : 'pages'}, ${Math.ceil(bytes / 1024)} kB`);
}
