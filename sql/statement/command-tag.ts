// What a statement that defines something is called where it may not be.
import type { Statement } from '../parser/ast-statement.ts';

export function commandTag(statement: Statement): string {
  switch (statement.kind) {
    case 'createTable': return 'CREATE TABLE';
    case 'createTableAs': return 'CREATE TABLE AS';
    case 'query': return 'SELECT INTO';
    case 'createView': return 'CREATE VIEW';
    case 'createMaterializedView': return 'CREATE MATERIALIZED VIEW';
    case 'createSource': return 'CREATE SOURCE';
    case 'createIndex': return 'CREATE INDEX';
    case 'createSchema': return 'CREATE SCHEMA';
    case 'createSequence': return 'CREATE SEQUENCE';
    case 'createEnum': case 'createRange': case 'createCompositeType': return 'CREATE TYPE';
    case 'createDomain': return 'CREATE DOMAIN';
    case 'createRole': return 'CREATE ROLE';
    case 'alterRole': return 'ALTER ROLE';
    case 'createDatabase': return 'CREATE DATABASE';
    case 'createExtension': return 'CREATE EXTENSION';
    case 'alterSequence': return 'ALTER SEQUENCE';
    case 'alterEnum': return 'ALTER TYPE';
    case 'alterDomain': return 'ALTER DOMAIN';
    case 'alterTable': case 'rename': case 'setSchema': case 'setOwner': case 'swap':
      return `ALTER ${statement.object.toUpperCase()}`;
    case 'drop': return `DROP ${statement.object.toUpperCase()}`;
    case 'comment': return 'COMMENT';
    case 'grant': return statement.grant ? 'GRANT' : 'REVOKE';
    default: return 'DDL';
  }
}
