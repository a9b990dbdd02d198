// The schemas and roles every database starts with.
import {
  INFORMATION_SCHEMA_OID, MILLRACE_ROLE_OID, PG_CATALOG_OID, PG_TOAST_OID, POSTGRES_ROLE_OID, PUBLIC_OID,
} from './entry.ts';
import type { CatalogEntry, RoleEntry, SchemaEntry } from './entry.ts';

export function bootstrapEntries(): readonly CatalogEntry[] {
  return [
    role(POSTGRES_ROLE_OID, 'postgres'),
    role(MILLRACE_ROLE_OID, 'millrace'),
    schema(PG_CATALOG_OID, 'pg_catalog', 'system catalog schema'),
    schema(PG_TOAST_OID, 'pg_toast', 'reserved schema for TOAST tables'),
    schema(PUBLIC_OID, 'public', 'standard public schema'),
    schema(INFORMATION_SCHEMA_OID, 'information_schema', null),
  ];
}

function schema(oid: number, name: string, comment: string | null): SchemaEntry {
  const acl = [
    { grantee: POSTGRES_ROLE_OID, grantor: POSTGRES_ROLE_OID, privileges: 'UC', grantable: '' },
    { grantee: 0, grantor: POSTGRES_ROLE_OID, privileges: 'U', grantable: '' },
  ];
  return { kind: 'schema', oid, name, owner: POSTGRES_ROLE_OID, comment, acl: name === 'pg_toast' ? [] : acl };
}

function role(oid: number, name: string): RoleEntry {
  return {
    kind: 'role', oid, name, owner: oid, comment: null, acl: [], superuser: true, login: true, inherit: true,
    createRole: true, createDatabase: true, replication: true, bypassRowSecurity: true, connectionLimit: -1,
    validUntil: null, password: null, memberOf: [],
  };
}
