// The settings table: PostgreSQL 15's names, types, defaults and ranges, so that what clients SET and SHOW is there.

export type SettingType = 'bool' | 'integer' | 'real' | 'string' | 'enum';
/** Who may change it, when (manual 53.24 pg_settings). */
export type SettingContext = 'internal' | 'postmaster' | 'sighup' | 'superuser' | 'user';

export interface SettingDefinition {
  readonly name: string;
  readonly type: SettingType;
  readonly boot: string;
  readonly unit?: 'B' | 'kB' | '8kB' | 'MB' | 'ms' | 's' | 'min';
  readonly min?: string;
  readonly max?: string;
  readonly values?: readonly string[];
  /** 'user' when absent. */
  readonly context?: SettingContext;
  readonly category: string;
  /** What statements are read by, whatever is set: any other value is refused. */
  readonly only?: string;
  /** Absent: accepted for the sake of clients, without effect here. */
  readonly description?: string;
  /** Not in pg_settings and SHOW ALL. */
  readonly hidden?: true;
}

export const SETTING_TABLE: readonly SettingDefinition[] = [
  {
    name: 'application_name', type: 'string', boot: '',
    category: 'Reporting and Logging / What to Log', description: 'Name of the client, for monitoring.',
  },
  {
    name: 'array_nulls', type: 'bool', boot: 'on', only: 'on',
    category: 'Version and Platform Compatibility / Previous PostgreSQL Versions',
  },
  {
    name: 'backend_flush_after', type: 'integer', boot: '0', unit: '8kB', min: '0', max: '256',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'block_size', type: 'integer', boot: '8192', min: '8192', max: '8192', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'bytea_output', type: 'enum', boot: 'hex', values: ['escape', 'hex'],
    category: 'Client Connection Defaults / Statement Behavior', description: 'Format of bytea values.',
  },
  {
    name: 'check_function_bodies', type: 'bool', boot: 'on',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'client_connection_check_interval', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'client_encoding', type: 'string', boot: 'UTF8',
    category: 'Client Connection Defaults / Locale and Formatting',
    description: 'Character set of the client; text is UTF-8.',
  },
  {
    name: 'client_min_messages', type: 'enum', boot: 'notice',
    values: ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice', 'warning', 'error'],
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Least severity of messages sent to the client.',
  },
  {
    name: 'commit_siblings', type: 'integer', boot: '5', min: '0', max: '1000',
    category: 'Write-Ahead Log / Settings',
  },
  {
    name: 'constraint_exclusion', type: 'enum', boot: 'partition', values: ['partition', 'on', 'off'],
    category: 'Query Tuning / Other Planner Options',
  },
  {
    name: 'cpu_index_tuple_cost', type: 'real', boot: '0.005', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'cpu_operator_cost', type: 'real', boot: '0.0025', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'cpu_tuple_cost', type: 'real', boot: '0.01', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'cursor_tuple_fraction', type: 'real', boot: '0.1', min: '0', max: '1',
    category: 'Query Tuning / Other Planner Options',
  },
  { name: 'data_checksums', type: 'bool', boot: 'off', context: 'internal', category: 'Preset Options' },
  {
    name: 'DateStyle', type: 'string', boot: 'ISO, MDY',
    category: 'Client Connection Defaults / Locale and Formatting',
    description: 'Format of dates and times, and the order of ambiguous input.',
  },
  {
    name: 'deadlock_timeout', type: 'integer', boot: '1000', unit: 'ms',
    min: '1', max: '2147483647', context: 'superuser',
    category: 'Lock Management',
  },
  { name: 'debug_assertions', type: 'bool', boot: 'off', context: 'internal', category: 'Preset Options' },
  {
    name: 'default_statistics_target', type: 'integer', boot: '100', min: '1', max: '10000',
    category: 'Query Tuning / Other Planner Options',
  },
  {
    name: 'default_table_access_method', type: 'string', boot: 'heap',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  { name: 'default_tablespace', type: 'string', boot: '', category: 'Client Connection Defaults / Statement Behavior' },
  {
    name: 'default_text_search_config', type: 'string', boot: 'pg_catalog.simple',
    category: 'Client Connection Defaults / Locale and Formatting',
  },
  {
    name: 'default_toast_compression', type: 'enum', boot: 'pglz', values: ['pglz', 'lz4'],
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'default_transaction_deferrable', type: 'bool', boot: 'off',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'default_transaction_isolation', type: 'enum', boot: 'read committed',
    values: ['serializable', 'repeatable read', 'read committed', 'read uncommitted'],
    category: 'Client Connection Defaults / Statement Behavior', description: 'Isolation level of new transactions.',
  },
  {
    name: 'default_transaction_read_only', type: 'bool', boot: 'off',
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Whether new transactions are read only.',
  },
  {
    name: 'effective_cache_size', type: 'integer', boot: '524288', unit: '8kB', min: '1', max: '2147483647',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'effective_io_concurrency', type: 'integer', boot: '1', min: '0', max: '1000',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  { name: 'enable_async_append', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_bitmapscan', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_gathermerge', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_hashagg', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_hashjoin', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  {
    name: 'enable_incremental_sort', type: 'bool', boot: 'on',
    category: 'Query Tuning / Planner Method Configuration',
  },
  { name: 'enable_indexonlyscan', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_indexscan', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_material', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_memoize', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_mergejoin', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_nestloop', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_parallel_append', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_parallel_hash', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  {
    name: 'enable_partition_pruning', type: 'bool', boot: 'on',
    category: 'Query Tuning / Planner Method Configuration',
  },
  {
    name: 'enable_partitionwise_aggregate', type: 'bool', boot: 'off',
    category: 'Query Tuning / Planner Method Configuration',
  },
  {
    name: 'enable_partitionwise_join', type: 'bool', boot: 'off',
    category: 'Query Tuning / Planner Method Configuration',
  },
  { name: 'enable_seqscan', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_sort', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  { name: 'enable_tidscan', type: 'bool', boot: 'on', category: 'Query Tuning / Planner Method Configuration' },
  {
    name: 'escape_string_warning', type: 'bool', boot: 'on',
    category: 'Version and Platform Compatibility / Previous PostgreSQL Versions',
  },
  {
    name: 'extra_float_digits', type: 'integer', boot: '1', min: '-15', max: '3',
    category: 'Client Connection Defaults / Locale and Formatting',
    description: 'Digits of floating-point output; 1 and more mean shortest exact.',
  },
  {
    name: 'force_parallel_mode', type: 'enum', boot: 'off', values: ['off', 'on', 'regress'],
    category: 'Developer Options',
  },
  {
    name: 'from_collapse_limit', type: 'integer', boot: '8', min: '1', max: '2147483647',
    category: 'Query Tuning / Other Planner Options',
  },
  { name: 'fsync', type: 'bool', boot: 'on', context: 'sighup', category: 'Write-Ahead Log / Settings' },
  { name: 'full_page_writes', type: 'bool', boot: 'on', context: 'sighup', category: 'Write-Ahead Log / Settings' },
  { name: 'geqo', type: 'bool', boot: 'on', category: 'Query Tuning / Genetic Query Optimizer' },
  {
    name: 'geqo_effort', type: 'integer', boot: '5', min: '1', max: '10',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  {
    name: 'geqo_generations', type: 'integer', boot: '0', min: '0', max: '2147483647',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  {
    name: 'geqo_pool_size', type: 'integer', boot: '0', min: '0', max: '2147483647',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  {
    name: 'geqo_seed', type: 'real', boot: '0', min: '0', max: '1',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  {
    name: 'geqo_selection_bias', type: 'real', boot: '2', min: '1.5', max: '2',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  {
    name: 'geqo_threshold', type: 'integer', boot: '12', min: '2', max: '2147483647',
    category: 'Query Tuning / Genetic Query Optimizer',
  },
  { name: 'hash_mem_multiplier', type: 'real', boot: '2', min: '1', max: '1000', category: 'Resource Usage / Memory' },
  { name: 'hot_standby', type: 'bool', boot: 'on', context: 'postmaster', category: 'Replication / Standby Servers' },
  {
    name: 'idle_in_transaction_session_timeout', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Longest idle time inside a transaction; 0 is none.',
  },
  {
    name: 'idle_session_timeout', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'in_hot_standby', type: 'bool', boot: 'off', context: 'internal',
    category: 'Preset Options', description: 'Never: there are no standbys.',
  },
  {
    name: 'integer_datetimes', type: 'bool', boot: 'on', context: 'internal',
    category: 'Preset Options', description: 'Times are integers of microseconds.',
  },
  {
    name: 'IntervalStyle', type: 'enum', boot: 'postgres',
    values: ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'],
    category: 'Client Connection Defaults / Locale and Formatting', description: 'Format of interval values.',
  },
  {
    name: 'is_superuser', type: 'bool', boot: 'on', context: 'internal',
    category: 'Preset Options', hidden: true, description: 'Whether the current user is a superuser.',
  },
  { name: 'jit', type: 'bool', boot: 'off', category: 'Query Tuning / Other Planner Options' },
  {
    name: 'jit_above_cost', type: 'real', boot: '100000', min: '-1', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  { name: 'jit_expressions', type: 'bool', boot: 'on', category: 'Developer Options' },
  {
    name: 'jit_inline_above_cost', type: 'real', boot: '500000', min: '-1', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'jit_optimize_above_cost', type: 'real', boot: '500000', min: '-1', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  { name: 'jit_tuple_deforming', type: 'bool', boot: 'on', category: 'Developer Options' },
  {
    name: 'join_collapse_limit', type: 'integer', boot: '8', min: '1', max: '2147483647',
    category: 'Query Tuning / Other Planner Options',
  },
  { name: 'lc_collate', type: 'string', boot: 'C', context: 'internal', category: 'Preset Options' },
  { name: 'lc_ctype', type: 'string', boot: 'C', context: 'internal', category: 'Preset Options' },
  {
    name: 'lc_messages', type: 'string', boot: 'C', context: 'superuser',
    category: 'Client Connection Defaults / Locale and Formatting',
  },
  { name: 'lc_monetary', type: 'string', boot: 'C', category: 'Client Connection Defaults / Locale and Formatting' },
  { name: 'lc_numeric', type: 'string', boot: 'C', category: 'Client Connection Defaults / Locale and Formatting' },
  { name: 'lc_time', type: 'string', boot: 'C', category: 'Client Connection Defaults / Locale and Formatting' },
  {
    name: 'lock_timeout', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Client Connection Defaults / Statement Behavior', description: 'Longest wait for a lock; 0 is none.',
  },
  {
    name: 'log_min_duration_statement', type: 'integer', boot: '-1', unit: 'ms',
    min: '-1', max: '2147483647', context: 'superuser',
    category: 'Reporting and Logging / When to Log',
  },
  {
    name: 'log_min_messages', type: 'enum', boot: 'warning',
    values: ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'info', 'notice', 'warning', 'error', 'log',
      'fatal', 'panic'], context: 'superuser',
    category: 'Reporting and Logging / When to Log',
  },
  {
    name: 'log_statement', type: 'enum', boot: 'none', values: ['none', 'ddl', 'mod', 'all'], context: 'superuser',
    category: 'Reporting and Logging / What to Log',
  },
  {
    name: 'maintenance_io_concurrency', type: 'integer', boot: '10', min: '0', max: '1000',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'maintenance_work_mem', type: 'integer', boot: '65536', unit: 'kB', min: '1024', max: '2147483647',
    category: 'Resource Usage / Memory',
  },
  {
    name: 'max_connections', type: 'integer', boot: '100', min: '1', max: '262143', context: 'postmaster',
    category: 'Connections and Authentication / Connection Settings', description: 'Most connections at a time.',
  },
  {
    name: 'max_function_args', type: 'integer', boot: '100', min: '100', max: '100', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'max_identifier_length', type: 'integer', boot: '63', min: '63', max: '63', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'max_index_keys', type: 'integer', boot: '32', min: '32', max: '32', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'max_locks_per_transaction', type: 'integer', boot: '64', min: '10', max: '2147483647', context: 'postmaster',
    category: 'Lock Management',
  },
  {
    name: 'max_prepared_transactions', type: 'integer', boot: '0', min: '0', max: '262143', context: 'postmaster',
    category: 'Resource Usage / Memory', description: 'Most prepared transactions at a time.',
  },
  {
    name: 'max_parallel_maintenance_workers', type: 'integer', boot: '2', min: '0', max: '1024',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'max_parallel_workers', type: 'integer', boot: '8', min: '0', max: '1024',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'max_parallel_workers_per_gather', type: 'integer', boot: '2', min: '0', max: '1024',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'max_worker_processes', type: 'integer', boot: '8', min: '0', max: '262143', context: 'postmaster',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'min_parallel_index_scan_size', type: 'integer', boot: '64', unit: '8kB', min: '0', max: '715827882',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'min_parallel_table_scan_size', type: 'integer', boot: '1024', unit: '8kB', min: '0', max: '715827882',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'optimizer_disable', type: 'string', boot: '', category: 'Developer Options',
    description: 'Names of rewrites the optimizer leaves out, separated by commas.',
  },
  {
    name: 'memory_limit', type: 'integer', boot: '0', unit: 'kB', min: '64', max: '1073741824', context: 'sighup',
    category: 'Resource Usage / Memory', description: 'Memory for state; what does not fit is read from disk when it is needed.',
  },
  {
    name: 'optimizer_seed', type: 'integer', boot: '0', min: '0', max: '2147483647', category: 'Developer Options',
    description: 'Joins in an order drawn from this number, and their sides exchanged; zero is the optimizer\'s own order.',
  },
  {
    name: 'parallel_leader_participation', type: 'bool', boot: 'on',
    category: 'Resource Usage / Asynchronous Behavior',
  },
  {
    name: 'parallel_setup_cost', type: 'real', boot: '1000', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'parallel_tuple_cost', type: 'real', boot: '0.1', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'password_encryption', type: 'enum', boot: 'scram-sha-256', values: ['md5', 'scram-sha-256'],
    category: 'Connections and Authentication / Authentication', description: 'How new passwords are stored.',
  },
  {
    name: 'plan_cache_mode', type: 'enum', boot: 'auto', values: ['auto', 'force_generic_plan', 'force_custom_plan'],
    category: 'Query Tuning / Other Planner Options',
  },
  {
    name: 'quote_all_identifiers', type: 'bool', boot: 'off',
    category: 'Version and Platform Compatibility / Previous PostgreSQL Versions',
  },
  {
    name: 'random_page_cost', type: 'real', boot: '4', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'restrict_nonsystem_relation_kind', type: 'string', boot: '',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'role', type: 'string', boot: 'none',
    category: 'Client Connection Defaults / Statement Behavior', hidden: true,
    description: 'Role that privileges are checked for.',
  },
  { name: 'row_security', type: 'bool', boot: 'on', category: 'Client Connection Defaults / Statement Behavior' },
  {
    name: 'search_path', type: 'string', boot: '"$user", public',
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Schemas that unqualified names are looked up in.',
  },
  {
    name: 'seed', type: 'real', boot: '0', min: '-1', max: '1',
    category: 'Developer Options', hidden: true, description: 'Seed of random().',
  },
  {
    name: 'segment_size', type: 'integer', boot: '131072', unit: '8kB',
    min: '131072', max: '131072', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'seq_page_cost', type: 'real', boot: '1', min: '0', max: '1.79769e+308',
    category: 'Query Tuning / Planner Cost Constants',
  },
  {
    name: 'server_encoding', type: 'string', boot: 'UTF8', context: 'internal',
    category: 'Preset Options', description: 'Character set of the database.',
  },
  {
    name: 'server_version', type: 'string', boot: '15.18', context: 'internal',
    category: 'Preset Options', description: 'PostgreSQL version whose behaviour is offered.',
  },
  {
    name: 'server_version_num', type: 'integer', boot: '150018', min: '150018', max: '150018', context: 'internal',
    category: 'Preset Options', description: 'The same as a number.',
  },
  {
    name: 'session_authorization', type: 'string', boot: '',
    category: 'Client Connection Defaults / Statement Behavior', hidden: true, description: 'User of the session.',
  },
  {
    name: 'session_replication_role', type: 'enum', boot: 'origin',
    values: ['origin', 'replica', 'local'], context: 'superuser',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'sql_dialect', type: 'enum', boot: 'postgres',
    values: ['postgres', 'mysql', 'mariadb', 'flink', 'bigquery', 'snowflake', 'hive', 'transactsql', 'sqlite'],
    category: 'Version and Platform Compatibility / Other Platforms and Clients',
    description: 'The dialect that statements are written in, from the next message on.',
  },
  { name: 'ssl', type: 'bool', boot: 'off', context: 'sighup', category: 'Connections and Authentication / SSL' },
  { name: 'ssl_library', type: 'string', boot: 'OpenSSL', context: 'internal', category: 'Preset Options' },
  {
    name: 'standard_conforming_strings', type: 'bool', boot: 'on', only: 'on',
    category: 'Version and Platform Compatibility / Previous PostgreSQL Versions',
    description: 'Backslashes in plain strings are ordinary characters.',
  },
  {
    name: 'statement_timeout', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Longest run of a statement; 0 is none.',
  },
  {
    name: 'stats_fetch_consistency', type: 'enum', boot: 'cache', values: ['none', 'cache', 'snapshot'],
    category: 'Statistics / Cumulative Query and Index Statistics',
  },
  {
    name: 'superuser_reserved_connections', type: 'integer', boot: '3', min: '0', max: '262143', context: 'postmaster',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'synchronize_seqscans', type: 'bool', boot: 'on',
    category: 'Version and Platform Compatibility / Previous PostgreSQL Versions',
  },
  {
    name: 'synchronous_commit', type: 'enum', boot: 'on',
    values: ['local', 'remote_write', 'remote_apply', 'on', 'off'],
    category: 'Write-Ahead Log / Settings', description: 'Whether commit waits until it is on disk.',
  },
  {
    name: 'tcp_keepalives_count', type: 'integer', boot: '0', min: '0', max: '2147483647',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'tcp_keepalives_idle', type: 'integer', boot: '0', unit: 's', min: '0', max: '2147483647',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'tcp_keepalives_interval', type: 'integer', boot: '0', unit: 's', min: '0', max: '2147483647',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'tcp_user_timeout', type: 'integer', boot: '0', unit: 'ms', min: '0', max: '2147483647',
    category: 'Connections and Authentication / Connection Settings',
  },
  {
    name: 'temp_buffers', type: 'integer', boot: '1024', unit: '8kB', min: '100', max: '1073741823',
    category: 'Resource Usage / Memory',
  },
  {
    name: 'temp_file_limit', type: 'integer', boot: '-1', unit: 'kB',
    min: '-1', max: '2147483647', context: 'superuser',
    category: 'Resource Usage / Disk',
  },
  { name: 'temp_tablespaces', type: 'string', boot: '', category: 'Client Connection Defaults / Statement Behavior' },
  {
    name: 'TimeZone', type: 'string', boot: 'UTC',
    category: 'Client Connection Defaults / Locale and Formatting', description: 'Time zone of timestamps in text.',
  },
  {
    name: 'track_activities', type: 'bool', boot: 'on', context: 'superuser',
    category: 'Statistics / Cumulative Query and Index Statistics',
  },
  {
    name: 'track_counts', type: 'bool', boot: 'on', context: 'superuser',
    category: 'Statistics / Cumulative Query and Index Statistics',
  },
  {
    name: 'track_functions', type: 'enum', boot: 'none', values: ['none', 'pl', 'all'], context: 'superuser',
    category: 'Statistics / Cumulative Query and Index Statistics',
  },
  {
    name: 'track_io_timing', type: 'bool', boot: 'off', context: 'superuser',
    category: 'Statistics / Cumulative Query and Index Statistics',
  },
  {
    name: 'transaction_deferrable', type: 'bool', boot: 'off',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'transaction_isolation', type: 'enum', boot: 'read committed',
    values: ['serializable', 'repeatable read', 'read committed', 'read uncommitted'],
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Isolation level of the current transaction.',
  },
  {
    name: 'transaction_read_only', type: 'bool', boot: 'off',
    category: 'Client Connection Defaults / Statement Behavior',
    description: 'Whether the current transaction is read only.',
  },
  {
    name: 'vacuum_cost_delay', type: 'real', boot: '0', unit: 'ms', min: '0', max: '100',
    category: 'Resource Usage / Cost-Based Vacuum Delay',
  },
  {
    name: 'vacuum_cost_limit', type: 'integer', boot: '200', min: '1', max: '10000',
    category: 'Resource Usage / Cost-Based Vacuum Delay',
  },
  {
    name: 'vacuum_cost_page_dirty', type: 'integer', boot: '20', min: '0', max: '10000',
    category: 'Resource Usage / Cost-Based Vacuum Delay',
  },
  {
    name: 'vacuum_cost_page_hit', type: 'integer', boot: '1', min: '0', max: '10000',
    category: 'Resource Usage / Cost-Based Vacuum Delay',
  },
  {
    name: 'vacuum_cost_page_miss', type: 'integer', boot: '2', min: '0', max: '10000',
    category: 'Resource Usage / Cost-Based Vacuum Delay',
  },
  {
    name: 'vacuum_failsafe_age', type: 'integer', boot: '1600000000', min: '0', max: '2100000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'vacuum_freeze_min_age', type: 'integer', boot: '50000000', min: '0', max: '1000000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'vacuum_freeze_table_age', type: 'integer', boot: '150000000', min: '0', max: '2000000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'vacuum_multixact_failsafe_age', type: 'integer', boot: '1600000000', min: '0', max: '2100000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'vacuum_multixact_freeze_min_age', type: 'integer', boot: '5000000', min: '0', max: '1000000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'vacuum_multixact_freeze_table_age', type: 'integer', boot: '150000000', min: '0', max: '2000000000',
    category: 'Client Connection Defaults / Statement Behavior',
  },
  {
    name: 'wal_block_size', type: 'integer', boot: '8192', min: '8192', max: '8192', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'wal_level', type: 'enum', boot: 'replica', values: ['minimal', 'replica', 'logical'], context: 'postmaster',
    category: 'Write-Ahead Log / Settings',
  },
  {
    name: 'wal_segment_size', type: 'integer', boot: '16777216', unit: 'B',
    min: '1048576', max: '1073741824', context: 'internal',
    category: 'Preset Options',
  },
  {
    name: 'wal_sender_timeout', type: 'integer', boot: '60000', unit: 'ms', min: '0', max: '2147483647',
    category: 'Replication / Sending Servers',
  },
  {
    name: 'wal_skip_threshold', type: 'integer', boot: '2048', unit: 'kB', min: '0', max: '2147483647',
    category: 'Write-Ahead Log / Settings',
  },
  {
    name: 'work_mem', type: 'integer', boot: '4096', unit: 'kB', min: '64', max: '2147483647',
    category: 'Resource Usage / Memory',
  },
];
