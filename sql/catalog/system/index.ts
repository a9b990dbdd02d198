// The list of system relations: pg_catalog and information_schema, one file each.
import type { SystemRelation } from '../entry.ts';

export const SYSTEM_RELATIONS: readonly SystemRelation[] = [];
