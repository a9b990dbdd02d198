// Deparse: a bound expression as SQL, in the words PostgreSQL prints stored expressions in.
import type { FormatSettings } from '../../engine/data/settings.ts';
import { unreachable } from '../../engine/data/error.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { formatType, formatTypeName, oidOf, quoteIdentifier } from '../../engine/data/type-info.ts';
import { arrayOf, baseType, sameKind, typmodOf } from '../../engine/data/types.ts';
import type { LogicalType, RecordType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { Indentation } from './indentation.ts';

export interface DeparseOptions {
  /** Of column i of the rows. */
  readonly columnName: (index: number) => string;
  /** What every column is written as instead: VALUE in a domain's check. */
  readonly columnText?: string;
  /** Of a field of a row type, where it may be called otherwise than the type says. */
  readonly fieldName?: (type: RecordType, index: number) => string | null;
  /** Parentheses only where they are needed. */
  readonly pretty: boolean;
  readonly format: FormatSettings;
  readonly names: Parameters<typeof formatText>[3];
  /** Whether functions of that schema are found without it; absent: none but PostgreSQL's own. */
  readonly onPath?: ((schema: string) => boolean) | undefined;
  readonly indentation?: Indentation;
  /** In forms that are read as what they were bound to, even where PostgreSQL shows another one that says the same. */
  readonly exact?: boolean;
  /** Whoever knows more of an expression than its form; null: it is printed by its form. */
  readonly instead?: {
    readonly text: (e: Expression, implicit: boolean) => string | null;
    /** `clear` answers for another expression at its place; `apart`: whether what is around it keeps it apart. */
    readonly isClear: (e: Expression, clear: (e: Expression) => boolean, apart: boolean) => boolean | null;
  };
}

type Of<K extends Expression['kind']> = Expression & { readonly kind: K };

/** The name of the call that checks a value of a domain: it is not written. */
export const DOMAIN_CHECK = 'domain check';
/** The same of the call that fails for want of a collation. */
export const INDETERMINATE = 'indeterminate collation';
const UNWRITTEN: ReadonlySet<string> = new Set([DOMAIN_CHECK, INDETERMINATE]);

/** How an expression was written, where that is not its form: CURRENT_TIMESTAMP. */
const WRITTEN = new WeakMap<Expression, string>();

export function writtenAs(e: Expression, text: string): Expression {
  const own = { ...e };
  WRITTEN.set(own, text);
  return own;
}

/** What COLLATE stood behind. */
interface Collated { readonly input: Expression; readonly collation: readonly string[] }

const COLLATED = new WeakMap<Expression, Collated>();

/** The same value, with the words COLLATE. */
export function collated(input: Expression, collation: readonly string[]): Expression {
  const own = { ...input };
  COLLATED.set(own, { input, collation });
  return own;
}

export function collatedInput(e: Expression): Collated | undefined {
  return COLLATED.get(e);
}

/** Rows that a cast has made rows of a named type. */
const CAST_ROWS = new WeakSet<Expression>();

export function castRow(row: Expression): Expression {
  CAST_ROWS.add(row);
  return row;
}

/** The operands of IN as they were before they became what its operator takes. */
interface ListWritten {
  readonly input: Expression;
  readonly elements: readonly Expression[];
}

const LISTS = new WeakMap<Expression, ListWritten>();

export function listWritten(e: Expression, list: ListWritten): Expression {
  LISTS.set(e, list);
  return e;
}

export function deparse(e: Expression, options: DeparseOptions): string {
  return Indentation.finished(new Deparser(options).text(e, false));
}

const NO_PARENTHESES = new Set<Expression['kind']>(['column', 'literal', 'parameter', 'coalesce', 'greatest', 'least',
  'array', 'row', 'case', 'subscript']);
/** Expressions whose arguments stand between brackets or commas of its own. */
const SEPARATES = new Set<Expression['kind']>(['and', 'or', 'not', 'coalesce', 'greatest', 'least', 'array', 'row', 'case']);
const TIGHT = new Set(['*', '/', '%']);
const LOOSE = new Set(['+', '-']);

/** Text with the marks of an Indentation. */
export class Deparser {
  readonly #options: DeparseOptions;
  readonly #indentation: Indentation;

  constructor(options: DeparseOptions) {
    this.#options = options;
    this.#indentation = options.indentation ?? new Indentation();
  }

  /** `implicit`: whether conversions nobody wrote are shown, as in arguments. */
  text(e: Expression, implicit: boolean): string {
    const written = WRITTEN.get(e) ?? (COLLATED.has(e) ? undefined : this.#options.instead?.text(e, implicit) ?? undefined);
    if (written !== undefined) return written;
    const collate = COLLATED.get(e);
    if (collate !== undefined) {
      return this.wrap(`${this.inner(collate.input, e, true)} COLLATE ${collate.collation.map(quoteIdentifier).join('.')}`);
    }
    if (e.kind === 'call' && UNWRITTEN.has(e.function.name)) return this.text(e.args[0], implicit);
    switch (e.kind) {
      case 'column': return this.#options.columnText ?? quoteIdentifier(this.#options.columnName(e.index));
      case 'literal': return this.constant(e);
      case 'parameter': return `$${e.index + 1}`;
      case 'call': return this.#call(e);
      case 'cast': return this.#cast(e, implicit);
      case 'and': case 'or':
        return this.wrap(e.args.map((a) => this.inner(a, e, false)).join(e.kind === 'and' ? ' AND ' : ' OR '));
      case 'not': return this.#not(e);
      case 'test':
        return this.wrap(`${this.inner(e.input, e, e.test === 'null')} IS ${e.negated ? 'NOT ' : ''}${e.test.toUpperCase()}`);
      case 'distinct': return this.#distinct(e);
      case 'case': return this.#case(e);
      case 'coalesce': case 'greatest': case 'least': return `${e.kind.toUpperCase()}(${this.list(e.args)})`;
      case 'in': return this.#in(e, '=', 'ANY');
      case 'quantified':
        return this.wrap([this.inner(e.input, e, true), e.operator.name, e.quantifier.toUpperCase(),
          `(${this.text(e.array, true)})`].join(' '));
      case 'array': return e.elements.length === 0 ? `ARRAY[]::${this.typeName(e.type)}` : `ARRAY[${this.list(e.elements)}]`;
      case 'row': return `ROW(${this.list(e.fields)})${CAST_ROWS.has(e) ? `::${this.typeName(e.type)}` : ''}`;
      case 'field': {
        const type = baseType(e.input.type);
        const name = type.kind !== 'record' ? `f${e.index + 1}`
          : this.#options.fieldName?.(type, e.index) ?? type.fields[e.index].name;
        const input = this.text(e.input, true);
        return `${e.input.kind === 'subscript' || e.input.kind === 'field' ? input : `(${input})`}.${quoteIdentifier(name)}`;
      }
      case 'subscript': return this.#subscript(e);
      default: return unreachable(e);
    }
  }

  /** With its schema where it is not found without. */
  typeName(type: LogicalType): string {
    switch (type.kind) {
      case 'array': return type.vector ? formatType(type) : `${this.typeName(type.element)}[]`;
      case 'enum': case 'domain': case 'record': case 'range': case 'multirange':
        return this.#options.names?.names?.nameOf('regtype', oidOf(type)) ?? formatType(type);
      default: return formatType(type);
    }
  }

  /** character without a length is one character long: the type of any length has another name. */
  #typeLabel(type: LogicalType): string {
    if (type.kind === 'bpchar' && typmodOf(type) < 0) return 'bpchar';
    const name = this.typeName(type);
    return typmodOf(type) < 0 && name === formatType(type) ? formatTypeName(type) : name;
  }

  list(list: readonly Expression[]): string {
    return list.map((x) => this.text(x, true)).join(', ');
  }

  wrap(text: string): string {
    return this.#options.pretty ? text : `(${text})`;
  }

  /** Within `parent`: when pretty, in parentheses unless its place is clear without. */
  inner(e: Expression, parent: Expression, implicit: boolean): string {
    const text = this.text(e, implicit);
    return this.#options.pretty && !this.#isClear(e, parent, implicit) ? `(${text})` : text;
  }

  #isClear(e: Expression, parent: Expression, implicit: boolean): boolean {
    if (WRITTEN.has(e)) return true;
    if (COLLATED.has(e)) return false;
    const known = this.#options.instead?.isClear(e, (x) => this.#isClear(x, parent, implicit),
      SEPARATES.has(parent.kind) || (parent.kind === 'call' && symbolOf(parent) === null)) ?? null;
    if (known !== null) return known;
    if (NO_PARENTHESES.has(e.kind)) return true;
    if (e.kind === 'call' && UNWRITTEN.has(e.function.name)) return this.#isClear(e.args[0], parent, implicit);
    switch (e.kind) {
      case 'call': {
        const own = symbolOf(e);
        if (own === null) return true;
        if (parent.kind !== 'call') return SEPARATES.has(parent.kind);
        const outer = symbolOf(parent);
        if (outer === null || e.args.length < 2 || parent.args.length < 2) return outer === null;
        if (TIGHT.has(own) && LOOSE.has(outer)) return true;
        const alike = (TIGHT.has(own) && TIGHT.has(outer)) || (LOOSE.has(own) && LOOSE.has(outer));
        return alike && parent.args[0] === e;
      }
      case 'cast': return e.explicit || implicit || this.#isClear(e.input, parent, implicit);
      case 'and': return parent.kind === 'and' || parent.kind === 'or' || isList(parent);
      case 'or': return parent.kind === 'or' || isList(parent);
      case 'not':
        if (e.input.kind === 'in') return this.#isClear(e.input, parent, implicit);
        return parent.kind === 'and' || parent.kind === 'or' || isList(parent);
      case 'quantified': return isList(parent);
      case 'field': return parent.kind !== 'field';
      case 'in': return e.list.length === 1 ? SEPARATES.has(parent.kind) : isList(parent);
      default: return SEPARATES.has(parent.kind);
    }
  }

  #call(e: Of<'call'>): string {
    const symbol = symbolOf(e);
    const { args } = e;
    if (symbol !== null && args.length === 1) return this.wrap(`${symbol} ${this.inner(args[0], e, true)}`);
    if (symbol !== null) return this.wrap(`${this.inner(args[0], e, true)} ${symbol} ${this.inner(args[1], e, true)}`);
    const { name } = e.function;
    if (name === 'extract' && args.length === 2 && args[0].kind === 'literal' && typeof args[0].value === 'string') {
      return `EXTRACT(${args[0].value} FROM ${this.text(args[1], true)})`;
    }
    if (name === 'timezone' && args.length === 2) return `(${this.text(args[1], true)} AT TIME ZONE ${this.text(args[0], true)})`;
    const called = this.#functionName(e.function);
    if (e.function.variadicArray !== true) return `${called}(${this.list(args)})`;
    const fixed = args.slice(0, -1).map((a) => `${this.text(a, true)}, `).join('');
    return `${called}(${fixed}VARIADIC ${this.text(args[args.length - 1], true)})`;
  }

  #functionName({ name, schema }: Of<'call'>['function']): string {
    if (schema === undefined) return name.split('.').map(quoteFunction).join('.');
    return `${this.#options.onPath?.(schema) === true ? '' : `${quoteIdentifier(schema)}.`}${quoteFunction(name)}`;
  }

  #cast(e: Of<'cast'>, implicit: boolean): string {
    const { input, type } = e;
    if (input.kind === 'literal' && (type.kind.startsWith('reg') || input.type.kind === 'unknown')
      && typeof input.value === 'string') {
      return `${quoted(input.value)}::${this.typeName(type)}`;
    }
    if (!e.explicit && !implicit) return this.text(input, false);
    if (input.kind === 'literal' && input.value !== null && sameKind(input.type, type)
      && typmodOf(input.type) < 0 && typmodOf(type) >= 0) {
      return `${quoted(formatText(input.type, input.value, this.#options.format, this.#options.names))}::${this.typeName(type)}`;
    }
    const text = this.inner(input, e, false);
    return `${this.#options.pretty ? text : `(${text})`}::${this.typeName(type)}`;
  }

  #not(e: Of<'not'>): string {
    if (e.input.kind === 'in') return this.#in(e.input, '<>', 'ALL');
    return this.wrap(`NOT ${this.inner(e.input, e, false)}`);
  }

  #distinct(e: Of<'distinct'>): string {
    const word = e.negated && this.#options.exact === true ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM';
    const text = this.wrap(`${this.inner(e.left, e, true)} ${word} ${this.inner(e.right, e, true)}`);
    if (this.#options.exact === true) return text;
    return e.negated ? this.wrap(`NOT ${this.#options.pretty ? `(${text})` : text}`) : text;
  }

  #in(e: Of<'in'>, symbol: string, quantifier: string): string {
    const list = LISTS.get(e);
    if (this.#options.exact === true) {
      const word = symbol === '=' ? 'IN' : 'NOT IN';
      return this.wrap(`${this.inner(list?.input ?? e.input, e, true)} ${word} (${this.list(list?.elements ?? e.list)})`);
    }
    const input = this.inner(e.input, e, true);
    if (e.list.length === 1) return this.wrap(`${input} ${symbol} ${this.inner(e.list[0], e, true)}`);
    const elements = list?.elements ?? e.list;
    const array: Expression = { kind: 'array', elements, type: arrayOf(elements[0].type) };
    const whole: Expression = list === undefined ? array
      : { kind: 'cast', input: array, type: arrayOf(e.list[0].type), explicit: true };
    return this.wrap(`${input} ${symbol} ${quantifier} (${this.text(whole, true)})`);
  }

  #case(e: Of<'case'>): string {
    return this.caseText(null, e.branches.map((b) => ({ when: b.when, then: b.then })), e.otherwise);
  }

  /** CASE [operand] WHEN .. */
  caseText(
    operand: Expression | null, branches: Of<'case'>['branches'], otherwise: Expression,
  ): string {
    const lines = this.#indentation;
    let text = lines.keyword('CASE', 0, 4);
    if (operand !== null) text += ` ${this.text(operand, true)}`;
    for (const b of branches) text += `${lines.keyword('WHEN ')}${this.text(b.when, false)} THEN ${this.text(b.then, true)}`;
    text += `${lines.keyword('ELSE ')}${this.text(otherwise, true)}`;
    return text + lines.keyword('END', -4, 0);
  }

  #subscript(e: Of<'subscript'>): string {
    const one = (x: Expression | null): string => (x === null ? '' : this.text(x, false));
    const input = e.input.kind === 'column' ? this.text(e.input, true) : `(${this.text(e.input, true)})`;
    return input + e.subscripts.map((s) =>
      (s.slice ? `[${one(s.lower)}:${one(s.upper)}]` : `[${one(s.upper ?? s.lower)}]`)).join('');
  }

  constant({ type, value }: Of<'literal'>): string {
    if (value === null) return type.kind === 'unknown' ? 'NULL' : `NULL::${this.typeName(type)}`;
    const text = formatText(type, value, this.#options.format, this.#options.names);
    switch (type.kind) {
      case 'boolean': return value === true ? 'true' : 'false';
      case 'unknown': return quoted(text);
      case 'int4': return text.startsWith('-') ? `${quoted(text)}::integer` : text;
      case 'numeric': {
        const plain = /^[0-9].*[.eE]/.test(text);
        const label = plain && typmodOf(type) < 0 ? '' : `::${formatType(type)}`;
        return `${plain ? text : quoted(text)}${label}`;
      }
      case 'bit': {
        const whole = this.#options.exact === true && typmodOf(type) === text.length;
        return whole ? `B${quoted(text)}` : `${quoted(text)}::"bit"`;
      }
      default: return `${quoted(text)}::${this.#typeLabel(type)}`;
    }
  }
}

const isList = (e: Expression): boolean => SEPARATES.has(e.kind) && e.kind !== 'and' && e.kind !== 'or' && e.kind !== 'not';

/** null: called by name. */
function symbolOf(e: Of<'call'>): string | null {
  return e.function.operator === true ? e.function.name : null;
}

/** Names the grammar has syntax for are not taken as plain calls. */
const SYNTAX = new Set(['overlay', 'position', 'substring', 'trim', 'left', 'right', 'btrim', 'ltrim', 'rtrim']);

export function quoteFunction(name: string): string {
  const needed = SYNTAX.has(name) && !name.endsWith('trim');
  return needed ? `"${name}"` : quoteIdentifier(name);
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
