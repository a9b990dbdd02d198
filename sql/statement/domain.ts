// CREATE DOMAIN, ALTER DOMAIN: defaults, NOT NULL and checks of a domain; rows that are there must satisfy new ones.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { firstFailure, ownChecks, valueSite } from '../binder/domain-check.ts';
import { coerceBoolean } from '../binder/coercion.ts';
import { locationOf } from '../binder/location.ts';
import { findTypeNamed, resolveTypeName, typeOfEntry } from '../binder/type-name.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { displayName } from '../catalog/catalog.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import type { DomainDefinition, TypeEntry } from '../catalog/entry.ts';
import { plainColumn } from '../catalog/entry.ts';
import type { AlterDomain, CreateDomain } from '../parser/ast-definition.ts';
import type { Constraint } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindRowExpression, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { columnDefault, rangeText } from './column-definition.ts';
import { newType } from './define.ts';
import { domainColumns, refuseCompiled, tablesThatMention } from './domain-use.ts';
import { allRows } from './foreign-key.ts';
import { chooseName, qualifiedName } from './naming.ts';
import { storedText } from './stored-expression.ts';

type Check = DomainDefinition['checks'][number];

export function createDomain(statement: CreateDomain, text: string): BoundStatement {
  return command(async (state) => withoutPosition(async () => {
    await state.current.lockCatalog(state.lockWait);
    const base = resolveTypeName(state.typeSite(), { ...statement.type, position: undefined });
    const collation = clauseCollation(statement.collation, base);
    const { name } = qualifiedName(statement.name);
    const checks: Check[] = [];
    let nullability: 'null' | 'notNull' | null = null;
    let defaultOf: { readonly text: string | null } | null = null;
    for (const constraint of statement.constraints) {
      switch (constraint.kind) {
        case 'notNull': case 'null':
          if (nullability !== null && nullability !== constraint.kind) {
            throw new DatabaseError('42601', 'conflicting NULL/NOT NULL constraints');
          }
          nullability = constraint.kind;
          break;
        case 'default':
          if (defaultOf !== null) throw new DatabaseError('42601', 'multiple default expressions');
          defaultOf = { text: columnDefault({ state, text }, plainColumn(name, 0, base), constraint).defaultText };
          break;
        case 'check': checks.push(newCheck(state, { name, base, checks }, constraint, text)); break;
        default: throw notForDomains(constraint);
      }
    }
    const entry = newType(state, statement.name, {
      kind: 'domain', base, ...collation, notNull: nullability === 'notNull', defaultText: defaultOf?.text ?? null, checks,
    });
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE DOMAIN');
  }));
}

/** PostgreSQL does not point at anything inside the definition of a domain. */
async function withoutPosition<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof DatabaseError
      ? error.with({ position: undefined }) : error;
  }
}

const KINDS: { readonly [kind in Constraint['kind']]?: string } = { primaryKey: 'primary key', foreignKey: 'foreign key' };

function notForDomains(constraint: Constraint): DatabaseError {
  const word = KINDS[constraint.kind] ?? constraint.kind;
  return new DatabaseError('42601', `${word} constraints not possible for domains`);
}

function newCheck(
  state: SessionState, domain: { readonly name: string; readonly base: LogicalType; readonly checks: readonly Check[] },
  constraint: Constraint & { readonly kind: 'check' }, text: string,
): Check {
  const taken = (name: string): boolean => domain.checks.some((c) => c.name === name);
  const { name: given } = constraint;
  if (given !== undefined && taken(given)) {
    throw new DatabaseError('42710', `constraint "${given}" for domain "${domain.name}" already exists`);
  }
  const site = valueSite(rowSite(sessionEnvironment(state), [], { phrase: 'check constraints' }), domain.base);
  const bind = (e: typeof constraint.expression): Expression =>
    coerceBoolean(site.env, bindRowExpression(site, e), 'CHECK', locationOf(e));
  const expression = storedText(state, {
    bound: bind(constraint.expression), original: rangeText({ text }, constraint.range),
    columns: [plainColumn('value', 1, domain.base)], rebind: (stored) => bind(parseExpression(stored)),
  });
  return {
    oid: state.services.allocateOid(), expression, name: given ?? chooseName(domain.name, '', 'check', taken),
    ...(constraint.notValid ? { notValid: true } : {}),
  };
}

export function alterDomain(statement: AlterDomain, text: string): BoundStatement {
  return command(async (state) => {
    await state.current.lockCatalog(state.lockWait);
    const name = qualifiedName(statement.name);
    const entry = state.catalog.findType(name, state.searchPath);
    if (entry === null) {
      const type = findTypeNamed(state.typeSite(), statement.name);
      throw type === null ? new DatabaseError('42704', `type "${name.name}" does not exist`)
        : new DatabaseError('42809', `${mentionType(type)} is not a domain`);
    }
    const { definition } = entry;
    if (definition.kind !== 'domain') throw new DatabaseError('42809', `${mentionType(typeOfEntry(entry))} is not a domain`);
    const alteration = new DomainAlteration(state, entry, definition, { text, name: displayName(name) });
    await withoutPosition(() => alteration.run(statement.action));
    return done('ALTER DOMAIN');
  });
}

class DomainAlteration {
  readonly #state: SessionState;
  readonly #entry: TypeEntry;
  readonly #domain: DomainDefinition;
  readonly #text: string;
  /** As the statement names it. */
  readonly #name: string;

  constructor(
    state: SessionState, entry: TypeEntry, domain: DomainDefinition, written: { readonly text: string; readonly name: string },
  ) {
    this.#state = state;
    this.#entry = entry;
    this.#domain = domain;
    this.#text = written.text;
    this.#name = written.name;
  }

  async run(action: AlterDomain['action']): Promise<void> {
    switch (action.kind) {
      case 'setDefault': {
        const column = plainColumn(this.#entry.name, 0, this.#domain.base);
        const stored = action.value === undefined ? null
          : columnDefault({ state: this.#state, text: this.#text }, column, action.value).defaultText;
        await this.#put({ ...this.#domain, defaultText: stored });
        return;
      }
      case 'setNotNull':
        if (!this.#domain.notNull) await this.#put({ ...this.#domain, notNull: true }, { notNull: true, checks: [] });
        return;
      case 'dropNotNull':
        if (this.#domain.notNull) await this.#put({ ...this.#domain, notNull: false });
        return;
      case 'addConstraint': await this.#addConstraint(action.constraint); return;
      case 'dropConstraint': {
        const found = this.#domain.checks.find((c) => c.name === action.name);
        if (found === undefined) {
          const missing = this.#missing(action.name);
          if (!action.ifExists) throw missing;
          this.#state.notice('NOTICE', new DatabaseError('00000', `${missing.message}, skipping`));
          return;
        }
        await this.#put({ ...this.#domain, checks: this.#domain.checks.filter((c) => c !== found) });
        return;
      }
      case 'validateConstraint': {
        const found = this.#domain.checks.find((c) => c.name === action.name);
        if (found === undefined) throw this.#missing(action.name);
        if (found.notValid !== true) return;
        const { notValid: _, ...valid } = found;
        await this.#put({ ...this.#domain, checks: this.#domain.checks.map((c) => (c === found ? valid : c)) },
          { notNull: false, checks: [valid] });
        return;
      }
      case 'other': throw notSupported(`ALTER DOMAIN ${action.name}`);
    }
  }

  #missing(name: string): DatabaseError {
    return new DatabaseError('42704', `constraint "${name}" of domain "${this.#name}" does not exist`);
  }

  async #addConstraint(constraint: Constraint): Promise<void> {
    if (constraint.kind !== 'check') throw notForDomains(constraint);
    if (constraint.deferrable || constraint.initiallyDeferred) {
      throw new DatabaseError('0A000', 'specifying constraint deferrability not supported for domains');
    }
    const { name } = this.#entry;
    const check = newCheck(this.#state, { name, ...this.#domain }, constraint, this.#text);
    await this.#put({ ...this.#domain, checks: [...this.#domain.checks, check] },
      check.notValid === true ? null : { notNull: false, checks: [check] });
  }

  /** What is there must satisfy `demanded`. Tables read the definition anew, since they keep its checks compiled. */
  async #put(
    definition: DomainDefinition, demanded: Pick<DomainDefinition, 'notNull' | 'checks'> | null = null,
  ): Promise<void> {
    const state = this.#state;
    const entry = { ...this.#entry, definition };
    refuseCompiled(state, this.#entry);
    if (demanded !== null) await this.#validate(demanded);
    putDomain(state, this.#entry, entry);
  }

  async #validate(demanded: Pick<DomainDefinition, 'notNull' | 'checks'>): Promise<void> {
    const state = this.#state;
    const site = rowSite(sessionEnvironment(state), [], { phrase: 'check constraints' });
    const { base } = this.#domain;
    const checks = [{ path: [], checks: ownChecks(site, { base, ...demanded }, this.#entry), type: base }];
    for (const { table, column } of domainColumns(state, this.#entry)) {
      await state.current.lock(table.oid, 'share', state.lockWait);
      const rows = allRows(state, table).columns[column.attnum - 1];
      if (firstFailure(checks, rows, state.evalContext()) === null) continue;
      const of = { schema: table.schema, table: table.name, column: column.name };
      throw demanded.notNull
        ? new DatabaseError('23502', `column "${column.name}" of table "${table.name}" contains null values`, of)
        : new DatabaseError('23514', `column "${column.name}" of table "${table.name}" contains values that violate the new `
          + 'constraint', of);
    }
  }
}

/** ALTER DOMAIN .. RENAME CONSTRAINT. Requires: the catalog lock. */
export function renameDomainConstraint(
  state: SessionState, { entry, domain }: { readonly entry: TypeEntry; readonly domain: DomainDefinition },
  from: string, to: string,
): void {
  if (!domain.checks.some((c) => c.name === from)) {
    throw new DatabaseError('42704', `constraint "${from}" for domain ${entry.name} does not exist`);
  }
  if (domain.checks.some((c) => c.name === to)) {
    throw new DatabaseError('42710', `constraint "${to}" for domain ${entry.name} already exists`);
  }
  const checks = domain.checks.map((c) => (c.name === from ? { ...c, name: to } : c));
  refuseCompiled(state, entry);
  putDomain(state, entry, { ...entry, definition: { ...domain, checks } });
}

function putDomain(state: SessionState, before: TypeEntry, entry: TypeEntry): void {
  const tables = tablesThatMention(state, before);
  state.current.changeCatalog([entry, ...tables].map((e): CatalogChange => ({ kind: 'put', entry: { ...e } })));
}
