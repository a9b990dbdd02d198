// Errors for names that mean nothing, with PostgreSQL's hints: what was probably meant, or why it cannot be reached.
import { DatabaseError } from '../../engine/data/error.ts';
import type { NameUse, Scope, ScopeItem } from './scope.ts';

const MAX_DISTANCE = 3;

/** 42703, after a search for similar columns in all relations in sight. */
export function missingColumn(use: NameUse, relation: string | null, name: string): DatabaseError {
  const shown = relation === null ? `"${name}"` : `${relation}.${name}`;
  return new DatabaseError('42703', `column ${shown} does not exist`, {
    position: use.position, hint: columnHint(use, relation, name),
  });
}

interface Guess { readonly relation: string; readonly column: string; readonly distance: number }

function columnHint(use: NameUse, relation: string | null, name: string): string | undefined {
  const out = hiddenHint(use, relation, name);
  if (out !== undefined) return out;
  const guesses = scopes(use.scope).flatMap((s) => s.items).flatMap((item) => guessesIn(item, relation, name));
  const best = Math.min(...guesses.map((g) => g.distance));
  const found = guesses.filter((g) => g.distance === best);
  const [a, b] = found.map((g) => `"${g.relation}.${g.column}"`);
  if (found.length === 1) return `Perhaps you meant to reference the column ${a}.`;
  return found.length === 2 ? `Perhaps you meant to reference the column ${a} or the column ${b}.` : undefined;
}

function hiddenHint(use: NameUse, relation: string | null, name: string): string | undefined {
  if (relation !== null) return undefined;
  for (const scope of scopes(use.scope)) {
    for (const item of scope.hiddenItems) {
      if (item.name !== null && item.columns.some((c) => c.name === name)) {
        return `There is a column named "${name}" in table "${item.name}", `
          + 'but it cannot be referenced from this part of the query.';
      }
    }
  }
  return undefined;
}

function guessesIn(item: ScopeItem, relation: string | null, name: string): readonly Guess[] {
  const own = item.name;
  if (own === null || !item.relationVisible) return [];
  const penalty = relation === null ? 0 : levenshtein(relation, own);
  return item.columns.flatMap((c) => {
    const distance = levenshtein(name, c.name);
    if (distance + penalty > MAX_DISTANCE || distance > name.length / 2) return [];
    return [{ relation: own, column: c.name, distance: distance + penalty }];
  });
}

function scopes(scope: Scope | null): readonly Scope[] {
  return scope === null ? [] : [scope, ...scopes(scope.parent)];
}

/** 42P01: the qualifier names no relation in sight. */
export function missingRelation(use: NameUse, qualifier: readonly string[]): DatabaseError {
  const name = qualifier[qualifier.length - 1];
  const all = scopes(use.scope);
  if (all.some((s) => [...s.hiddenItems, ...s.items.filter((i) => !i.relationVisible)].some((i) => i.name === name))) {
    return new DatabaseError('42P01', `invalid reference to FROM-clause entry for table "${name}"`, {
      position: use.position,
      hint: `There is an entry for table "${name}", but it cannot be referenced from this part of the query.`,
    });
  }
  const isMeant = (i: ScopeItem): boolean => i.relation !== 0 && i.name !== name && relationName(use, i.relation) === name;
  const hidden = all.flatMap((s) => s.hiddenItems).find(isMeant);
  if (hidden !== undefined) {
    return new DatabaseError('42P01', `invalid reference to FROM-clause entry for table "${name}"`, {
      position: use.position,
      hint: `There is an entry for table "${hidden.name}", but it cannot be referenced from this part of the query.`,
    });
  }
  const aliased = all.flatMap((s) => s.items).find(isMeant);
  if (aliased !== undefined && aliased.name !== null) {
    return new DatabaseError('42P01', `invalid reference to FROM-clause entry for table "${name}"`, {
      position: use.position, hint: `Perhaps you meant to reference the table alias "${aliased.name}".`,
    });
  }
  return new DatabaseError('42P01', `missing FROM-clause entry for table "${name}"`, { position: use.position });
}

function relationName(use: NameUse, oid: number): string | undefined {
  return use.env.catalog.relation(oid)?.name;
}

/** Edit distance (Levenshtein 1966). */
export function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
