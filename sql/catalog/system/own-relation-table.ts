// Columns of the system relations that PostgreSQL does not have: data, in the format of relation-table.ts.

/** Named millrace_..; OIDs from 9000, where PostgreSQL has none. */
export const OWN_RELATION_TABLE = `
pg_catalog millrace_view_errors 9001 v 9011 9021
  view_oid:oid! schema_name:name! view_name:name! code:text! message:text! detail:text failing_rows:int8!
pg_catalog millrace_memory 9002 v 9012 9022
  limit_bytes:int8 pages:int8! page_bytes:int8! fixed_bytes:int8! pages_read:int8! pages_evicted:int8! evicted_bytes:int8!
  page_file_bytes:int8!
pg_catalog millrace_storage 9003 v 9013 9023
  journal_bytes:int8! checkpoints:int8! checkpoint_bytes:int8! evicted_bytes:int8! write_amplification:float8
pg_catalog millrace_journal 9004 v 9014 9024
  epoch:int8! segments:int4! spare_files:int4! bytes:int8! lag_bytes:int8! syncs:int8! failures:int4! failing:text
pg_catalog millrace_journal_syncs 9005 v 9015 9025
  up_to_ms:float8! syncs:int8!
pg_catalog millrace_epoch 9006 v 9016 9026
  epoch:int8! oldest:int8
`;
