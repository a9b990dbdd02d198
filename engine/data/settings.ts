// FormatSettings: the session settings on which text input and output of values depend.

/** PostgreSQL manual 20.11 "Client Connection Defaults". */
export interface FormatSettings {
  /** IANA name, POSIX spec or fixed offset, as SHOW TimeZone prints it. */
  readonly timeZone: string;
  readonly dateStyle: 'ISO' | 'SQL' | 'Postgres' | 'German';
  readonly dateOrder: 'MDY' | 'DMY' | 'YMD';
  readonly intervalStyle: 'postgres' | 'postgres_verbose' | 'sql_standard' | 'iso_8601';
  readonly extraFloatDigits: number;
  readonly byteaOutput: 'hex' | 'escape';
}

export const DEFAULT_FORMAT: FormatSettings = {
  timeZone: 'UTC',
  dateStyle: 'ISO',
  dateOrder: 'MDY',
  intervalStyle: 'postgres',
  extraFloatDigits: 1,
  byteaOutput: 'hex',
};
