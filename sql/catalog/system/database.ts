// pg_database, roles, tablespaces, access methods, languages, settings, sessions: the cluster as clients see it.
import { arrayFrom } from '../../../engine/data/composite.ts';
import { oidOf, typeRowByName } from '../../../engine/data/type-info.ts';
import { advisoryKey } from '../../advisory-locks.ts';
import type { Catalog } from '../catalog.ts';
import { endpointAddress } from '../endpoint-address.ts';
import { BTREE_CLASSES } from '../operator-class.ts';
import { PG_CATALOG_OID, POSTGRES_ROLE_OID } from '../entry.ts';
import type { RoleEntry, SystemContext, SystemRelation } from '../entry.ts';
import { BTREE_ACCESS_METHOD, HEAP_ACCESS_METHOD } from './relations.ts';
import { systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

const DATABASES: readonly (readonly [name: string, oid: number])[] = [['millrace', 16001], ['postgres', 5]];

function* databases(): Iterable<SystemRow> {
  for (const [datname, oid] of DATABASES) {
    yield {
      oid, datname, datdba: POSTGRES_ROLE_OID, encoding: 6, datlocprovider: 'c', datistemplate: false, datallowconn: true,
      datconnlimit: -1, datfrozenxid: 0, datminmxid: 0, dattablespace: 1663, datcollate: 'C', datctype: 'C',
    };
  }
}

function roleRow(role: RoleEntry): SystemRow {
  return {
    oid: role.oid, rolname: role.name, rolsuper: role.superuser, rolinherit: role.inherit, rolcreaterole: role.createRole,
    rolcreatedb: role.createDatabase, rolcanlogin: role.login, rolreplication: role.replication,
    rolbypassrls: role.bypassRowSecurity, rolconnlimit: role.connectionLimit,
  };
}

function* authids(catalog: Catalog): Iterable<SystemRow> {
  for (const role of catalog.roles()) yield { ...roleRow(role), rolpassword: role.password };
}
function* roles(catalog: Catalog): Iterable<SystemRow> {
  for (const role of catalog.roles()) yield { ...roleRow(role), rolpassword: '********' };
}
function* members(catalog: Catalog): Iterable<SystemRow> {
  for (const role of catalog.roles()) {
    for (const group of role.memberOf) yield { roleid: group, member: role.oid, grantor: POSTGRES_ROLE_OID, admin_option: false };
  }
}
function* users(catalog: Catalog, password: boolean): Iterable<SystemRow> {
  for (const role of catalog.roles()) {
    if (!role.login) continue;
    yield { usename: role.name, usesysid: role.oid, usecreatedb: role.createDatabase, usesuper: role.superuser,
      userepl: role.replication, usebypassrls: role.bypassRowSecurity, passwd: password ? role.password : '********' };
  }
}

function* accessMethods(): Iterable<SystemRow> {
  yield { oid: HEAP_ACCESS_METHOD, amname: 'heap', amhandler: 3, amtype: 't' };
  yield { oid: BTREE_ACCESS_METHOD, amname: 'btree', amhandler: 330, amtype: 'i' };
}
function* languages(): Iterable<SystemRow> {
  const common = { lanowner: POSTGRES_ROLE_OID, lanispl: false, lanplcallfoid: 0, laninline: 0, lanvalidator: 0 };
  yield { ...common, oid: 12, lanname: 'internal', lanpltrusted: false };
  yield { ...common, oid: 14, lanname: 'sql', lanpltrusted: true };
}
function* tablespaces(): Iterable<SystemRow> {
  yield { oid: 1663, spcname: 'pg_default', spcowner: POSTGRES_ROLE_OID };
  yield { oid: 1664, spcname: 'pg_global', spcowner: POSTGRES_ROLE_OID };
}

function* settings(context: SystemContext): Iterable<SystemRow> {
  for (const s of context.settings()) {
    yield {
      name: s.name, setting: s.value, unit: s.unit, category: s.category, short_desc: s.description, context: s.context,
      vartype: s.type, source: s.source, min_val: s.min, max_val: s.max,
      enumvals: s.enumValues === null ? null : arrayFrom([...s.enumValues]), boot_val: s.bootValue, reset_val: s.resetValue,
      pending_restart: false,
    };
  }
}

function* activity(context: SystemContext): Iterable<SystemRow> {
  for (const s of context.sessions()) {
    yield {
      datid: DATABASES.find(([name]) => name === s.database)?.[1] ?? null, datname: s.database, pid: s.processId,
      usesysid: context.catalog.role(s.user)?.oid ?? null, usename: s.user, application_name: s.applicationName,
      client_addr: endpointAddress(s.remote), client_port: s.remote?.port ?? null, backend_start: s.backendStart,
      xact_start: s.transactionStart, query_start: s.queryStart, state_change: s.stateChange, state: s.state, query: s.query,
      backend_type: 'client backend', wait_event_type: s.state === 'active' ? null : 'Client',
      wait_event: s.state === 'active' ? null : 'ClientRead',
    };
  }
}

function* locks(context: SystemContext): Iterable<SystemRow> {
  const database = DATABASES.find(([name]) => name === context.database)?.[1] ?? DATABASES[0][1];
  for (const l of context.locks()) {
    const mode = `${l.mode.split(' ').map((word) => word[0].toUpperCase() + word.slice(1)).join('')}Lock`;
    const advisory = advisoryKey(l.relation);
    const what = advisory !== null ? {
      locktype: 'advisory', database, classid: advisory.classId, objid: advisory.objectId,
      objsubid: advisory.objectSubId,
    } : typeof l.relation === 'number' && l.relation < 0 ? { locktype: 'transactionid', transactionid: -l.relation }
      : { locktype: 'relation', database, relation: l.relation };
    yield { ...what, pid: l.processId, mode, granted: l.granted, fastpath: false };
  }
}
function* prepared(context: SystemContext): Iterable<SystemRow> {
  for (const p of context.preparedStatements()) {
    yield { name: p.name, statement: p.statement, prepare_time: p.prepareTime, parameter_types: arrayFrom(p.parameterTypes.map(oidOf)),
      from_sql: p.fromSql, generic_plans: 0n, custom_plans: 0n };
  }
}
function* cursors(context: SystemContext): Iterable<SystemRow> {
  for (const c of context.cursors()) {
    yield { name: c.name, statement: c.statement, is_holdable: c.holdable, is_binary: false, is_scrollable: c.scrollable, creation_time: c.creationTime };
  }
}

/** Of the one index kind. */
function* opclasses(): Iterable<SystemRow> {
  for (const { name, oid, input, isDefault } of BTREE_CLASSES) {
    yield { oid, opcmethod: BTREE_ACCESS_METHOD, opcname: name, opcnamespace: PG_CATALOG_OID, opcowner: POSTGRES_ROLE_OID, opcfamily: 0,
      opcintype: typeRowByName(input)?.oid ?? 0, opcdefault: isDefault, opckeytype: 0 };
  }
}

export const CLUSTER: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_database', { fixed: databases }),
  systemRelation('pg_catalog', 'pg_authid', { catalog: authids }),
  systemRelation('pg_catalog', 'pg_roles', { catalog: roles }),
  systemRelation('pg_catalog', 'pg_auth_members', { catalog: members }),
  systemRelation('pg_catalog', 'pg_user', { catalog: (c) => users(c, false) }),
  systemRelation('pg_catalog', 'pg_shadow', { catalog: (c) => users(c, true) }),
  systemRelation('pg_catalog', 'pg_am', { fixed: accessMethods }),
  systemRelation('pg_catalog', 'pg_language', { fixed: languages }),
  systemRelation('pg_catalog', 'pg_tablespace', { fixed: tablespaces }),
  systemRelation('pg_catalog', 'pg_opclass', { fixed: opclasses }),
  systemRelation('pg_catalog', 'pg_settings', { now: settings }),
  systemRelation('pg_catalog', 'pg_stat_activity', { now: activity }),
  systemRelation('pg_catalog', 'pg_locks', { now: locks }),
  systemRelation('pg_catalog', 'pg_prepared_statements', { now: prepared }),
  systemRelation('pg_catalog', 'pg_cursors', { now: cursors }),
];
