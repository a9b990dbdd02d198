// Columns of the system relations that PostgreSQL does not have: data, in the format of relation-table.ts.

/** Named millrace_..; OIDs from 9000, where PostgreSQL has none. */
export const OWN_RELATION_TABLE = `
pg_catalog millrace_view_errors 9001 v
  view_oid:oid! schema_name:name! view_name:name! code:text! message:text! detail:text failing_rows:int8!
`;
