// Settings: a session's run-time parameters (SET, SHOW, RESET), with PostgreSQL's validation and transaction rules.
import { DatabaseError } from '../engine/data/error.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import type { SettingInfo } from './catalog/entry.ts';
import { DATE_STYLES, canonicalSetting, showSetting } from './setting-value.ts';
import { SETTING_TABLE } from './setting-table.ts';
import type { SettingDefinition } from './setting-table.ts';

const DEFINITIONS: ReadonlyMap<string, SettingDefinition> =
  new Map(SETTING_TABLE.map((d) => [d.name.toLowerCase(), d]));

/** Told to clients whenever they change (manual 55.2.7), in the order PostgreSQL sends them at start. */
const REPORTED: readonly string[] = [
  'in_hot_standby', 'integer_datetimes', 'TimeZone', 'IntervalStyle', 'is_superuser', 'application_name',
  'default_transaction_read_only', 'DateStyle', 'standard_conforming_strings', 'session_authorization',
  'client_encoding', 'server_version', 'server_encoding',
];

/** How the session looks after what belongs to it: roles exist, transaction modes may still be set. */
export interface SettingChecks {
  /** Canonical value, or throws; called for `role`, `session_authorization`, `transaction_*`, `search_path`. */
  check(name: string, value: string): string;
}

type Values = ReadonlyMap<string, string>;

/** Immutable layers, so that a savepoint is two references. */
interface Layers {
  /** SET; survives commit. */
  readonly session: Values;
  /** SET LOCAL; ends with the transaction. */
  readonly local: Values;
}

/** Names that `get` remembers; there are about so many. */
const KNOWN = 500;

const EMPTY: Layers = { session: new Map(), local: new Map() };

/** Characters of a value, and of all that are longer. */
const LONG_VALUE = 4096;
const LONG_VALUES = 64 * 1024 * 1024;

export class Settings {
  /** Values at session start: what RESET and TO DEFAULT go back to. */
  readonly #start: Map<string, string> = new Map();
  #layers: Layers = EMPTY;
  /** State at begin and at each savepoint, outermost first; empty outside a transaction. */
  #saved: Layers[] = [];
  #reported: Map<string, string> = new Map();
  readonly #checks: SettingChecks;
  readonly #report: (name: string, value: string) => void;
  #format: FormatSettings | null = null;
  #searchPath: { readonly text: string; readonly schemas: readonly string[] } = { text: '', schemas: [] };
  /** What `get` has answered since anything changed: it is asked many times a statement. */
  readonly #known = new Map<string, string | null>();
  /** Something may have changed since it was last reported. */
  #unreported = true;

  constructor(options: { readonly checks: SettingChecks; readonly report: (name: string, value: string) => void }) {
    this.#checks = options.checks;
    this.#report = options.report;
  }

  #changed(): void {
    this.#format = null;
    this.#known.clear();
    this.#unreported = true;
  }

  /** Where savepoints and transactions leave nothing behind, nothing has changed. */
  #setLayers(session: Values, local: Values): void {
    if (session === this.#layers.session && local === this.#layers.local) return;
    this.#layers = { session, local };
    this.#changed();
  }

  /** A value given at start (startup packet, options=-c, the session's user): also what RESET returns to. */
  initialize(name: string, value: string): void {
    const key = nameKey(name);
    this.#start.set(key, this.#canonical(key, value));
    this.#changed();
  }

  /** For parameters only the server may set (is_superuser). */
  force(name: string, value: string): void {
    this.#start.set(name.toLowerCase(), value);
    this.#changed();
  }

  /** The canonical value in base units, or null for an unknown custom parameter. Throws 42704 for an unknown name. */
  get(name: string): string | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const value = this.#find(name);
    if (this.#known.size < KNOWN) this.#known.set(name, value);
    return value;
  }

  #find(name: string): string | null {
    const key = name.toLowerCase();
    const value = this.#layers.local.get(key) ?? this.#layers.session.get(key) ?? this.#start.get(key);
    if (value !== undefined) return value;
    const definition = DEFINITIONS.get(key);
    if (definition !== undefined) return definition.boot;
    if (key.includes('.')) return null;
    throw unrecognized(name);
  }

  /** As SHOW prints it: with units. */
  show(name: string): string {
    const value = this.get(name);
    if (value === null) throw unrecognized(name);
    const definition = DEFINITIONS.get(name.toLowerCase());
    return definition === undefined ? value : showSetting(definition, value);
  }

  /** The name as SHOW heads its column. */
  properName(name: string): string {
    return DEFINITIONS.get(name.toLowerCase())?.name ?? name;
  }

  integer(name: string): number {
    return Number(this.get(name) ?? '0');
  }

  boolean(name: string): boolean {
    return this.get(name) === 'on';
  }

  set(name: string, value: string, local: boolean): void {
    const key = nameKey(name);
    const canonical = this.#canonical(key, value);
    if (canonical.length > LONG_VALUE) this.#requireRoom(canonical.length);
    this.#write(key, canonical, local);
  }

  /** 53200 where long values, with those to go back to, would fill the heap. */
  #requireRoom(more: number): void {
    const kept = new Set<string>();
    for (const { session, local } of [this.#layers, ...this.#saved]) {
      for (const value of [...session.values(), ...local.values()]) if (value.length > LONG_VALUE) kept.add(value);
    }
    if ([...kept].reduce((sum, value) => sum + value.length, more) <= LONG_VALUES) return;
    throw new DatabaseError('53200', 'out of memory', { detail: 'The session\'s settings are too long.' });
  }

  /** RESET name, SET name TO DEFAULT. */
  reset(name: string, local = false): void {
    const key = nameKey(name);
    const definition = DEFINITIONS.get(key);
    if (definition === undefined && !key.includes('.')) throw unrecognized(name);
    if (definition !== undefined) forbid(definition);
    const value = this.#start.get(key) ?? definition?.boot ?? '';
    this.#write(key, key.startsWith('transaction_') ? this.#checks.check(key, value) : value, local);
  }

  resetAll(): void {
    const keep = ['role', 'session_authorization', 'transaction_isolation', 'transaction_read_only'];
    const kept = [...this.#layers.session].filter(([key]) => keep.includes(key));
    this.#setLayers(new Map(kept), EMPTY.local);
  }

  /** SET of a parameter that the table lets nobody set from outside: transaction_isolation of this transaction. */
  setLocalUnchecked(name: string, value: string): void {
    this.#write(name, value, true);
  }

  begin(): void {
    this.#saved = [this.#layers];
  }

  savepoint(): void {
    this.#saved.push(this.#layers);
  }

  /** Back to the state at savepoint number `depth` (0 is the transaction's begin), which stays. */
  rollbackTo(depth: number): void {
    const saved = this.#saved[depth];
    if (saved === undefined) return;
    this.#setLayers(saved.session, saved.local);
    this.#saved.length = depth + 1;
  }

  release(depth: number): void {
    this.#saved.length = depth;
  }

  commit(): void {
    this.#setLayers(this.#layers.session, EMPTY.local);
    this.#saved = [];
  }

  rollback(): void {
    const saved = this.#saved[0];
    if (saved !== undefined) this.#setLayers(saved.session, EMPTY.local);
    this.#saved = [];
  }

  /** Sends ParameterStatus for reported settings that changed since the last call; all of them at first. */
  reportChanges(): void {
    if (!this.#unreported) return;
    this.#unreported = false;
    for (const name of REPORTED) {
      const value = this.show(name);
      if (this.#reported.get(name) === value) continue;
      this.#reported.set(name, value);
      this.#report(name, value);
    }
  }

  get format(): FormatSettings {
    this.#format ??= this.#makeFormat();
    return this.#format;
  }

  /** Schemas as written, `$user` not yet replaced; the same array for as long as they are the same. */
  get searchPath(): readonly string[] {
    const text = this.get('search_path') ?? '';
    if (text !== this.#searchPath.text) this.#searchPath = { text, schemas: splitIdentifiers(text) ?? [] };
    return this.#searchPath.schemas;
  }

  list(): readonly SettingInfo[] {
    const customs = [...new Set([...this.#start.keys(), ...this.#layers.session.keys(), ...this.#layers.local.keys()])]
      .filter((key) => !DEFINITIONS.has(key));
    const known = SETTING_TABLE.filter((d) => d.hidden !== true).map((d) => this.#info(d));
    return [...known, ...customs.map((key) => customInfo(key, this.get(key) ?? ''))];
  }

  #info(d: SettingDefinition): SettingInfo {
    const key = d.name.toLowerCase();
    const reset = this.#start.get(key) ?? d.boot;
    const value = this.get(d.name) ?? '';
    const changed = this.#layers.local.has(key) || this.#layers.session.has(key);
    return {
      name: d.name, value, unit: d.unit ?? null, category: d.category,
      description: d.description ?? 'Accepted for compatibility; without effect.',
      context: d.context ?? 'user', type: d.type, min: d.min ?? null, max: d.max ?? null,
      enumValues: d.values ?? null, bootValue: d.boot, resetValue: reset,
      source: changed ? 'session' : this.#start.has(key) ? 'client' : 'default',
    };
  }

  #write(key: string, value: string, local: boolean): void {
    const session = new Map(this.#layers.session);
    const locals = new Map(this.#layers.local);
    if (local) locals.set(key, value);
    else {
      session.set(key, value);
      locals.delete(key);
    }
    // Outside a transaction there is nothing for SET LOCAL to last for.
    this.#setLayers(session, this.#saved.length === 0 ? EMPTY.local : locals);
  }

  /** A value in base units, of a parameter that cannot be set in a session; 42704 for an unknown name. */
  parsed(name: string, value: string): string {
    const definition = DEFINITIONS.get(name.toLowerCase());
    if (definition === undefined) throw new DatabaseError('42704', `unrecognized configuration parameter "${name}"`);
    return canonicalSetting(definition, value, this.get(name) ?? '');
  }

  #canonical(key: string, value: string): string {
    const definition = DEFINITIONS.get(key);
    if (definition === undefined) return value;
    forbid(definition);
    const canonical = canonicalSetting(definition, value, this.get(key) ?? '');
    return SESSION_CHECKED.has(key) ? this.#checks.check(key, canonical) : canonical;
  }

  #makeFormat(): FormatSettings {
    const [style, order] = (this.get('DateStyle') ?? 'ISO, MDY').split(', ');
    const intervalStyle = this.get('IntervalStyle') ?? '';
    return {
      timeZone: this.get('TimeZone') ?? 'UTC',
      dateStyle: DATE_STYLES.find((s) => s === style) ?? 'ISO',
      dateOrder: order === 'DMY' || order === 'YMD' ? order : 'MDY',
      intervalStyle: INTERVAL_STYLES.find((s) => s === intervalStyle) ?? 'postgres',
      extraFloatDigits: this.integer('extra_float_digits'),
      byteaOutput: this.get('bytea_output') === 'escape' ? 'escape' : 'hex',
    };
  }
}

const INTERVAL_STYLES = ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'] as const;

const SESSION_CHECKED: ReadonlySet<string> = new Set([
  'role', 'session_authorization', 'transaction_isolation', 'transaction_read_only', 'transaction_deferrable',
]);

function customInfo(name: string, value: string): SettingInfo {
  return {
    name, value, unit: null, category: 'Customized Options', description: '', context: 'user', type: 'string',
    source: 'session', min: null, max: null, enumValues: null, bootValue: '', resetValue: '',
  };
}

/** Lower case; 42704 for what is neither known nor dotted, 42602 for a bad dotted name. */
function nameKey(name: string): string {
  const key = name.toLowerCase();
  if (DEFINITIONS.has(key)) return key;
  if (!key.includes('.')) throw unrecognized(name);
  if (!/^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*(\.[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*)+$/.test(key)) {
    throw new DatabaseError('42602', `invalid configuration parameter name "${name}"`, {
      detail: 'Custom parameter names must be two or more simple identifiers separated by dots.',
    });
  }
  return key;
}

function unrecognized(name: string): DatabaseError {
  return new DatabaseError('42704', `unrecognized configuration parameter "${name}"`);
}

function forbid(definition: SettingDefinition): void {
  switch (definition.context ?? 'user') {
    case 'internal': throw new DatabaseError('55P02', `parameter "${definition.name}" cannot be changed`);
    case 'postmaster':
      throw new DatabaseError('55P02',
        `parameter "${definition.name}" cannot be changed without restarting the server`);
    case 'sighup':
      throw new DatabaseError('55P02', `parameter "${definition.name}" cannot be changed now`);
    case 'superuser': case 'user': return;
  }
}

/** A comma-separated list of identifiers as in search_path; null when malformed. */
export function splitIdentifiers(text: string): readonly string[] | null {
  const out: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(,|$)/y;
  if (text.trim() === '') return out;
  let at = 0;
  for (;;) {
    item.lastIndex = at;
    const match = item.exec(text);
    if (match === null) return null;
    const [, quoted, plain, separator] = match;
    out.push(quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'));
    at = item.lastIndex;
    if (separator === '') return out;
    if (at >= text.length) return null;
  }
}
