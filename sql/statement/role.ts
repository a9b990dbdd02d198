// CREATE and ALTER ROLE, GRANT and REVOKE.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { CatalogEntry, Grant as AclItem, RoleEntry } from '../catalog/entry.ts';
import type { CreateRole, Grant } from '../parser/ast-definition.ts';
import type { Option } from '../parser/ast.ts';
import { passwordVerifier } from '../password.ts';
import type { SessionState } from '../session-state.ts';
import { ownerOid } from './alter-table.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { qualifiedName } from './naming.ts';
import { optionFlag, optionNames, optionText } from './options.ts';

export function createRole(statement: CreateRole): BoundStatement {
  return command(async (state) => {
    requireSuperuser(state, statement.kind === 'createRole' ? 'create role' : 'alter role');
    await state.current.lockCatalog(state.lockWait);
    const { name } = statement;
    const old = state.catalog.role(name);
    if (statement.kind === 'createRole') {
      if (old !== null) throw new DatabaseError('42710', `role "${name}" already exists`);
      if (name.startsWith('pg_')) throw new DatabaseError('42939', `role name "${name}" is reserved`, {
        detail: 'Role names starting with "pg_" are reserved.',
      });
    }
    const base = old ?? blank(state, name, statement.word === 'user');
    if (statement.kind === 'alterRole' && old === null) throw new DatabaseError('42704',
      `role "${name}" does not exist`);
    const entry = statement.options.reduce((role, option) => applyOption(state, role, option), base);
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done(statement.kind === 'createRole' ? 'CREATE ROLE' : 'ALTER ROLE');
  });
}

function requireSuperuser(state: SessionState, what: string): void {
  if (!state.role.superuser && !state.role.createRole) throw new DatabaseError('42501', `permission denied to ${what}`);
}

function blank(state: SessionState, name: string, login: boolean): RoleEntry {
  const oid = state.services.allocateOid();
  return {
    kind: 'role', oid, name, owner: oid, comment: null, acl: [], superuser: false, login, inherit: true,
    createRole: false, createDatabase: false, replication: false, bypassRowSecurity: false, connectionLimit: -1,
    validUntil: null, password: null, memberOf: [],
  };
}

function applyOption(state: SessionState, role: RoleEntry, option: Option): RoleEntry {
  switch (option.name) {
    case 'superuser': return { ...role, superuser: optionFlag(option) };
    case 'canlogin': return { ...role, login: optionFlag(option) };
    case 'inherit': return { ...role, inherit: optionFlag(option) };
    case 'createrole': return { ...role, createRole: optionFlag(option) };
    case 'createdb': return { ...role, createDatabase: optionFlag(option) };
    case 'isreplication': return { ...role, replication: optionFlag(option) };
    case 'bypassrls': return { ...role, bypassRowSecurity: optionFlag(option) };
    case 'connectionlimit': return { ...role, connectionLimit: Number(optionText(option)) };
    case 'validUntil': case 'validuntil': return { ...role, validUntil: optionText(option) };
    case 'password': return { ...role, password: password(option) };
    case 'addroleto': return { ...role,
      memberOf: [...role.memberOf, ...optionNames(option).map((n) => ownerOid(state, n))] };
    default: throw notSupported(`role option ${option.name}`, { position: option.position });
  }
}

/** PASSWORD NULL takes it away; the empty password is none either. */
function password(option: Option): string | null {
  const text = option.value === undefined ? '' : optionText(option);
  return text === '' ? null : passwordVerifier(text);
}

const LETTERS: ReadonlyMap<string, string> = new Map([
  ['select', 'r'], ['insert', 'a'], ['update', 'w'], ['delete', 'd'], ['truncate', 'D'], ['references', 'x'],
  ['trigger', 't'], ['usage', 'U'], ['create', 'C'], ['connect', 'c'], ['temporary', 'T'], ['temp', 'T'],
    ['execute', 'X'],
]);
const ALL: Readonly<Record<string, string>> = { schema: 'UC', sequence: 'rwU', type: 'U', database: 'CTc' };

/** Kept and shown; with superusers alone and no row of theirs denied, nothing asks them yet. */
export function grant(statement: Grant): BoundStatement {
  return command(async (state) => {
    const tag = statement.grant ? 'GRANT' : 'REVOKE';
    await state.current.lockCatalog(state.lockWait);
    const grantees = statement.grantees.map((name) => (name === 'public' ? 0 : ownerOid(state, name)));
    if (statement.object === 'membership') {
      membership(state, statement, grantees);
      return done(`${tag} ROLE`);
    }
    const letters = statement.privileges.length === 0 ? ALL[statement.object] ?? 'arwdDxt'
      : statement.privileges.map((p) => letterOf(p.name)).join('');
    for (const name of statement.names) {
      const entry = target(state, statement, name);
      if (entry === null) continue;
      const acl = grantees.reduce((list, grantee) => changed(list, { grantee, letters, grantor: entry.owner },
        statement.grant), entry.acl);
      state.current.changeCatalog([{ kind: 'put', entry: { ...entry, acl } }]);
    }
    return done(tag);
  });
}

function letterOf(name: string): string {
  const letter = LETTERS.get(name.toLowerCase());
  if (letter === undefined) throw new DatabaseError('42601', `unrecognized privilege type "${name}"`);
  return letter;
}

function membership(state: SessionState, statement: Grant, grantees: readonly number[]): void {
  const roles = (statement.privileges.length > 0 ? statement.privileges.map((p) => p.name)
    : statement.names.map((n) => n[n.length - 1]))
    .map((name) => ownerOid(state, name));
  for (const grantee of grantees) {
    const entry = state.catalog.get(grantee);
    if (entry?.kind !== 'role') continue;
    const without = entry.memberOf.filter((oid) => !roles.includes(oid));
    const memberOf = statement.grant ? [...without, ...roles] : without;
    state.current.changeCatalog([{ kind: 'put', entry: { ...entry, memberOf } }]);
  }
}

/** What privileges are on; null: something that has none to keep here (functions, the database). */
function target(state: SessionState, statement: Grant, name: readonly string[]): CatalogEntry | null {
  switch (statement.object) {
    case 'schema': return state.catalog.requireSchema(name[name.length - 1]);
    case 'type': case 'domain': {
      const found = state.catalog.findType(qualifiedName(name), state.searchPath);
      if (found === null) throw new DatabaseError('42704', `type "${name.join('.')}" does not exist`);
      return found;
    }
    case 'table': case 'sequence': case 'view': case 'materialized view': {
      const found = state.catalog.requireRelation(qualifiedName(name), state.searchPath);
      return state.catalog.get(found.oid);
    }
    default: return null;
  }
}

function changed(
  acl: readonly AclItem[], change: { readonly grantee: number; readonly letters: string; readonly grantor: number },
    adds: boolean,
): readonly AclItem[] {
  const { grantee, letters, grantor } = change;
  const old = acl.find((item) => item.grantee === grantee);
  const before = old?.privileges ?? '';
  const privileges = adds ? [...new Set([...before, ...letters])].join('')
    : [...before].filter((letter) => !letters.includes(letter)).join('');
  const rest = acl.filter((item) => item !== old);
  return privileges === '' ? rest
    : [...rest, { grantee, grantor: old?.grantor ?? grantor, privileges, grantable: old?.grantable ?? '' }];
}
