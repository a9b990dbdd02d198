// The list of system relations: those with rows, by family; all others of PostgreSQL's, typed and empty.
import type { SystemRelation } from '../entry.ts';
import { CONSTRAINTS } from './constraints.ts';
import { CLUSTER } from './database.ts';
import { DEFINITIONS } from './definitions.ts';
import { FUNCTIONS } from './functions.ts';
import { INFORMATION_SCHEMA } from './information-schema.ts';
import { SYSTEM_COLUMNS, systemRelation } from './relation-columns.ts';
import { OWN } from './own.ts';
import { RELATIONS } from './relations.ts';
import { TIME_ZONES } from './time-zones.ts';
import { TYPES } from './types.ts';

const WITH_ROWS: readonly SystemRelation[] = [
  ...RELATIONS, ...CONSTRAINTS, ...TYPES, ...FUNCTIONS, ...CLUSTER, ...DEFINITIONS, ...INFORMATION_SCHEMA, ...TIME_ZONES, ...OWN,
];

const MADE = new Map(WITH_ROWS.map((r) => [r.oid, r]));

export const SYSTEM_RELATIONS: readonly SystemRelation[] = SYSTEM_COLUMNS.map(
  (r) => MADE.get(r.oid) ?? systemRelation(r.schema, r.name));
