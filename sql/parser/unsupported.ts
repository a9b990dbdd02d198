// The command names of statements that the grammar knows and we have no statement for.

const names: { readonly [tag: string]: string } = {
  CreateFunctionStmt: 'CREATE FUNCTION', CreateTrigStmt: 'CREATE TRIGGER', CreatePublicationStmt: 'CREATE PUBLICATION',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION', AlterPublicationStmt: 'ALTER PUBLICATION',
  AlterSubscriptionStmt: 'ALTER SUBSCRIPTION', DropSubscriptionStmt: 'DROP SUBSCRIPTION', ReindexStmt: 'REINDEX',
  ClusterStmt: 'CLUSTER', SecLabelStmt: 'SECURITY LABEL', ImportForeignSchemaStmt: 'IMPORT FOREIGN SCHEMA',
  CreateStatsStmt: 'CREATE STATISTICS', AlterStatsStmt: 'ALTER STATISTICS',
  LoadStmt: 'LOAD', ReassignOwnedStmt: 'REASSIGN OWNED', DropOwnedStmt: 'DROP OWNED',
  RuleStmt: 'CREATE RULE', CreatePolicyStmt: 'CREATE POLICY', AlterPolicyStmt: 'ALTER POLICY', DoStmt: 'DO',
  CallStmt: 'CALL', AlterDefaultPrivilegesStmt: 'ALTER DEFAULT PRIVILEGES', AlterRoleSetStmt: 'ALTER ROLE',
  AlterDatabaseStmt: 'ALTER DATABASE', AlterDatabaseSetStmt: 'ALTER DATABASE',
  AlterFunctionStmt: 'ALTER FUNCTION', AlterExtensionStmt: 'ALTER EXTENSION',
  AlterExtensionContentsStmt: 'ALTER EXTENSION', AlterTypeStmt: 'ALTER TYPE', AlterOperatorStmt: 'ALTER OPERATOR',
  AlterCollationStmt: 'ALTER COLLATION', CreateRangeStmt: 'CREATE TYPE', CreateCastStmt: 'CREATE CAST',
  CreateConversionStmt: 'CREATE CONVERSION', CreateTransformStmt: 'CREATE TRANSFORM',
  CreateAmStmt: 'CREATE ACCESS METHOD',
  CreateOpClassStmt: 'CREATE OPERATOR CLASS', CreateOpFamilyStmt: 'CREATE OPERATOR FAMILY',
  AlterOpFamilyStmt: 'ALTER OPERATOR FAMILY', CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  AlterFdwStmt: 'ALTER FOREIGN DATA WRAPPER', CreateForeignServerStmt: 'CREATE SERVER',
  AlterForeignServerStmt: 'ALTER SERVER', CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  CreateUserMappingStmt: 'CREATE USER MAPPING', AlterUserMappingStmt: 'ALTER USER MAPPING',
  DropUserMappingStmt: 'DROP USER MAPPING', CreatePLangStmt: 'CREATE LANGUAGE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE', AlterTableSpaceOptionsStmt: 'ALTER TABLESPACE',
  AlterTableMoveAllStmt: 'ALTER TABLE ALL IN TABLESPACE', CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  AlterEventTrigStmt: 'ALTER EVENT TRIGGER', AlterObjectDependsStmt: 'ALTER DEPENDS ON EXTENSION',
  AlterTSDictionaryStmt: 'ALTER TEXT SEARCH DICTIONARY', AlterTSConfigurationStmt: 'ALTER TEXT SEARCH CONFIGURATION',
};

/** From the tag of libpg-query's node. DefineStmt makes aggregates, operators, base types, collations. */
export function unsupportedName(tag: string): string {
  if (tag === 'DefineStmt') return 'CREATE of this kind of object';
  return names[tag] ?? tag.replace(/Stmt$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase();
}
