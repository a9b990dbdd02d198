// ALTER TYPE .. ADD VALUE and RENAME VALUE: columns carry the labels in their type, so they are converted to the new one.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { typeOfEntry } from '../binder/type-name.ts';
import type { EnumDefinition, LabelChange, MaterializedViewEntry, TypeEntry, ViewEntry } from '../catalog/entry.ts';
import type { AlterEnum } from '../parser/ast-definition.ts';
import type { Name } from '../parser/ast.ts';
import { relabelled } from '../row-fill.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { isMadeOf, mentioning } from './domain-use.ts';
import { qualifiedName } from './naming.ts';
import { rewriteType } from './renamed-text.ts';
import { convertTable } from './value-change.ts';

const LABEL_BYTES = 63;

export function checkLabel(label: string): void {
  if (Buffer.byteLength(label) <= LABEL_BYTES) return;
  throw new DatabaseError('42602', `invalid enum label "${label}"`, { detail: `Labels must be ${LABEL_BYTES} bytes or less.` });
}

export function alterEnum(statement: AlterEnum): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const { entry, definition } = requireEnum(state, statement.name);
    const { labels } = definition;
    const { value } = statement;
    checkLabel(value);
    if (labels.includes(value)) {
      const message = `enum label "${value}" already exists`;
      if (!statement.ifNotExists) throw new DatabaseError('42710', message);
      state.notice('NOTICE', new DatabaseError('42710', `${message}, skipping`));
      return done('ALTER TYPE');
    }
    const at = place(labels, statement);
    const places = placesWith(definition, at);
    await relabel(state, entry, { labels: [...labels.slice(0, at), value, ...labels.slice(at)], places }, null);
    state.current.noteNewLabel(entry.oid, value);
    return done('ALTER TYPE');
  });
}

/** A new label stands halfway between its neighbours, in float4; all are counted anew where there is nothing between them. */
function placesWith({ labels, places = counted(labels.length) }: Omit<EnumDefinition, 'kind'>, at: number): readonly number[] {
  const [before, after] = [places[at - 1], places[at]];
  const place = before === undefined ? (after ?? 2) - 1 : after === undefined ? before + 1 : Math.fround((before + after) / 2);
  if (place === before || place === after) return counted(labels.length + 1);
  return [...places.slice(0, at), place, ...places.slice(at)];
}

function counted(length: number): readonly number[] {
  return Array.from({ length }, (_, i) => i + 1);
}

/** ALTER TYPE .. RENAME VALUE. Requires: the catalog lock. */
export async function renameLabel(state: SessionState, name: Name, from: string, to: string): Promise<void> {
  const { entry, definition } = requireEnum(state, name);
  const { labels } = definition;
  checkLabel(to);
  if (!labels.includes(from)) throw new DatabaseError('22023', `"${from}" is not an existing enum label`);
  if (labels.includes(to)) throw new DatabaseError('42710', `enum label "${to}" already exists`);
  for (const other of state.catalog.entries()) {
    if (other.kind === 'view' && other.dependencies.some((d) => d.oid === entry.oid)) {
      throw notSupported(`renaming a value of type "${entry.name}", which view "${other.name}" names,`);
    }
  }
  const renamed = labels.map((label) => (label === from ? to : label));
  await relabel(state, entry, { ...definition, labels: renamed }, { from, to });
  if (state.catalog.isNewLabel(entry.oid, from)) state.current.noteNewLabel(entry.oid, to);
}

function requireEnum(
  state: SessionState, written: Name,
): { readonly entry: TypeEntry; readonly definition: EnumDefinition } {
  const name = qualifiedName(written);
  const entry = state.catalog.findType(name, state.searchPath);
  if (entry === null) throw new DatabaseError('42704', `type "${name.name}" does not exist`);
  if (entry.definition.kind !== 'enum') throw new DatabaseError('42809', `${mentionType(typeOfEntry(entry))} is not an enum`);
  return { entry, definition: entry.definition };
}

function place(labels: readonly string[], statement: AlterEnum): number {
  if (statement.place === undefined) return labels.length;
  const { kind, neighbour } = statement.place;
  const at = labels.indexOf(neighbour);
  if (at < 0) throw new DatabaseError('22023', `"${neighbour}" is not an existing enum label`);
  return kind === 'before' ? at : at + 1;
}

/** The type with other labels, wherever it is kept. 0A000 where a circuit or a stored key goes by the old ones. */
async function relabel(
  state: SessionState, entry: TypeEntry, definition: Omit<EnumDefinition, 'kind'>, renamed: LabelChange['renamed'],
): Promise<void> {
  const { labels } = definition;
  const change: LabelChange = { oid: entry.oid, renamed };
  const relabelledType = (own: LogicalType): LogicalType => (
    own.kind === 'enum' && own.oid === entry.oid ? { ...own, labels } : own);
  const mentions = mentioning(entry);
  for (const other of state.catalog.entries()) {
    const compiled = other.kind === 'source' || (other.kind === 'index' && other.definition !== undefined) ? mentions(other)
      : other.kind === 'materialized-view' && (mentions(other) || reads(state, other, entry.oid));
    if (compiled) throw notSupported(`changing the labels of type "${entry.name}", which "${other.name}" has, names or reads,`);
    if (other.kind !== 'table' || !other.columns.some((c) => isMadeOf(c.type, entry.oid))) continue;
    await state.current.lock(other.oid, 'access exclusive', state.lockWait);
    state.current.requireSettled(other.oid, 'ALTER TABLE', other.name);
  }
  const next: TypeEntry = { ...entry, definition: { ...definition, kind: 'enum' } };
  rewriteType(state, entry, next, {
    change: relabelledType, value: (type, datum) => relabelled(type, datum, [change]),
    table: (table) => convertTable(state, table, change),
  });
}

/** Does a circuit read columns of the type? It has the old labels' order compiled in. */
function reads(state: SessionState, view: MaterializedViewEntry | ViewEntry, type: number): boolean {
  return view.dependencies.some((d) => {
    const entry = state.catalog.get(d.oid);
    if (entry?.kind === 'table') return entry.columns.some((c) => !c.dropped && isMadeOf(c.type, type));
    return (entry?.kind === 'view' || entry?.kind === 'materialized-view') && reads(state, entry, type);
  });
}
