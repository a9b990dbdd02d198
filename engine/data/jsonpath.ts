// SQL/JSON path expressions (ISO 9075-2, manual 9.16.2): their syntax tree, its reader, and the text form of type jsonpath.
import { DatabaseError } from './error.ts';
import { pathSyntaxError, pathTokens } from './jsonpath-lexer.ts';
import type { PathToken } from './jsonpath-lexer.ts';
import type { Json } from './json.ts';
import { Numeric } from './numeric.ts';
import { regexOf } from './regex/regex.ts';
import type { Regex } from './regex/regex.ts';

/** A starting item and the accessors behind it, applied in turn. */
export type Path = readonly PathItem[];

export interface JsonPath {
  readonly strict: boolean;
  readonly path: Path;
}

export type ComparisonOperator = '==' | '<>' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type PathMethod = 'type' | 'size' | 'abs' | 'floor' | 'ceiling' | 'double' | 'keyvalue';

/** What answers true, false or unknown. */
export type PathPredicate =
  | { readonly kind: 'and' | 'or'; readonly left: Path; readonly right: Path }
  | { readonly kind: 'not' | 'isUnknown' | 'exists'; readonly argument: Path }
  | { readonly kind: 'compare'; readonly operator: ComparisonOperator; readonly left: Path; readonly right: Path }
  | { readonly kind: 'startsWith'; readonly left: Path; readonly right: Path }
  | { readonly kind: 'likeRegex'; readonly argument: Path; readonly pattern: string; readonly flags: string };

export interface Subscript { readonly from: Path; readonly to: Path | null }

export type PathItem =
  | PathPredicate
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'variable' | 'key'; readonly name: string }
  | { readonly kind: 'root' | 'current' | 'last' | 'anyKey' | 'anyArray' }
  | { readonly kind: 'index'; readonly subscripts: readonly Subscript[] }
  /** `**`; Infinity: last. */
  | { readonly kind: 'any'; readonly first: number; readonly last: number }
  | { readonly kind: 'method'; readonly name: PathMethod }
  | { readonly kind: 'datetime'; readonly template: string | null }
  | { readonly kind: 'filter'; readonly argument: Path }
  | { readonly kind: 'arithmetic'; readonly operator: ArithmeticOperator; readonly left: Path; readonly right: Path }
  | { readonly kind: 'sign'; readonly operator: '+' | '-'; readonly argument: Path };

const PREDICATES: ReadonlySet<string> = new Set([
  'and', 'or', 'not', 'isUnknown', 'exists', 'compare', 'startsWith', 'likeRegex',
]);
const METHODS: ReadonlySet<string> = new Set(['type', 'size', 'abs', 'floor', 'ceiling', 'double', 'keyvalue']);
const COMPARISONS: ReadonlySet<string> = new Set(['==', '<>', '<', '<=', '>', '>=']);

function isMethod(word: string): word is PathMethod {
  return METHODS.has(word);
}
function isComparison(text: string): text is ComparisonOperator {
  return COMPARISONS.has(text);
}

const isPredicate = (path: Path): boolean => path.length === 1 && PREDICATES.has(path[0].kind);

/** jsonpath_in. 42601 and 22P02 as PostgreSQL has them. */
export function parseJsonPath(text: string): JsonPath {
  const reader = new Reader(pathTokens(text));
  if (reader.atEnd()) throw new DatabaseError('22P02', `invalid input syntax for type jsonpath: "${text}"`);
  const strict = reader.takeWord('strict');
  if (!strict) reader.takeWord('lax');
  const path = reader.expression();
  if (!reader.atEnd()) throw reader.unexpected();
  return { strict, path };
}

class Reader {
  readonly #tokens: readonly PathToken[];
  #at = 0;
  /** Inside filters @ has a meaning, inside subscripts last has. */
  #filters = 0;
  #subscripts = 0;

  constructor(tokens: readonly PathToken[]) {
    this.#tokens = tokens;
  }

  get token(): PathToken {
    return this.#tokens[this.#at];
  }

  atEnd(): boolean {
    return this.token.kind === 'end';
  }

  unexpected(): DatabaseError {
    return pathSyntaxError('syntax error', this.token.text);
  }

  #isMark(text: string): boolean {
    return this.token.kind === 'mark' && this.token.text === text;
  }

  #takeMark(text: string): boolean {
    if (!this.#isMark(text)) return false;
    this.#at++;
    return true;
  }

  #expectMark(text: string): void {
    if (!this.#takeMark(text)) throw this.unexpected();
  }

  #isWord(keyword: string): boolean {
    return this.token.kind === 'word' && this.token.keyword === keyword;
  }

  takeWord(keyword: string): boolean {
    if (!this.#isWord(keyword)) return false;
    this.#at++;
    return true;
  }

  #expectWord(keyword: string): void {
    if (!this.takeWord(keyword)) throw this.unexpected();
  }

  /** An expression or a predicate. */
  expression(): Path {
    return this.#logical('||', 'or', () => this.#logical('&&', 'and', () => this.#comparison()));
  }

  #logical(mark: string, kind: 'and' | 'or', operand: () => Path): Path {
    let left = operand();
    while (this.#isMark(mark)) {
      if (!isPredicate(left)) throw this.unexpected();
      this.#at++;
      left = [{ kind, left, right: this.#predicate(operand) }];
    }
    return left;
  }

  #predicate(read: () => Path): Path {
    const path = read();
    if (!isPredicate(path)) throw this.unexpected();
    return path;
  }

  #value(read: () => Path): Path {
    const path = read();
    if (isPredicate(path)) throw this.unexpected();
    return path;
  }

  #comparison(): Path {
    if (this.#takeMark('!')) {
      if (!this.#isMark('(') && !this.#isWord('exists')) throw this.unexpected();
      return [{ kind: 'not', argument: this.#predicate(() => this.#primary()) }];
    }
    const left = this.#sum();
    if (isPredicate(left)) return left;
    const { token } = this;
    if (token.kind === 'mark' && isComparison(token.text)) {
      this.#at++;
      return [{ kind: 'compare', operator: token.text, left, right: this.#value(() => this.#sum()) }];
    }
    if (this.takeWord('starts')) {
      this.#expectWord('with');
      if (this.token.kind !== 'string' && this.token.kind !== 'variable') throw this.unexpected();
      return [{ kind: 'startsWith', left, right: [this.#scalar()] }];
    }
    return this.takeWord('like_regex') ? [this.#likeRegex(left)] : left;
  }

  #string(): string {
    const { token } = this;
    if (token.kind !== 'string') throw this.unexpected();
    this.#at++;
    return token.value;
  }

  #likeRegex(argument: Path): PathPredicate {
    const pattern = this.#string();
    const given = this.takeWord('flag') ? this.#string() : '';
    const unknown = [...given].find((f) => !'ismxq'.includes(f));
    if (unknown !== undefined) {
      throw new DatabaseError('42601', 'invalid input syntax for type jsonpath', {
        detail: `Unrecognized flag character "${unknown}" in LIKE_REGEX predicate.`,
      });
    }
    const flags = [...'ismxq'].filter((f) => given.includes(f)).join('');
    if (flags.includes('x') && !flags.includes('q')) {
      throw new DatabaseError('0A000', 'XQuery "x" flag (expanded regular expressions) is not implemented');
    }
    // 2201B for what is no regular expression, whether it comes to be used or not.
    likeRegexOf(pattern, flags);
    return { kind: 'likeRegex', argument, pattern, flags };
  }

  #sum(): Path {
    return this.#arithmetic(['+', '-'], () => this.#arithmetic(['*', '/', '%'], () => this.#signed()));
  }

  #arithmetic(operators: readonly ArithmeticOperator[], operand: () => Path): Path {
    let left = operand();
    for (;;) {
      const operator = operators.find((o) => this.#isMark(o));
      if (operator === undefined || isPredicate(left)) return left;
      this.#at++;
      left = [{ kind: 'arithmetic', operator, left, right: this.#value(operand) }];
    }
  }

  #signed(): Path {
    const operator = this.#isMark('+') ? '+' : this.#isMark('-') ? '-' : null;
    if (operator === null) return this.#primary();
    this.#at++;
    const argument = this.#value(() => this.#signed());
    const [first] = argument;
    if (argument.length === 1 && first.kind === 'literal' && first.value instanceof Numeric) {
      return operator === '+' ? argument : [{ kind: 'literal', value: first.value.negate() }];
    }
    return [{ kind: 'sign', operator, argument }];
  }

  #primary(): Path {
    if (this.takeWord('exists')) {
      this.#expectMark('(');
      const argument = this.#value(() => this.expression());
      this.#expectMark(')');
      return [{ kind: 'exists', argument }];
    }
    if (!this.#takeMark('(')) return [this.#scalar(), ...this.#accessors()];
    const inner = this.expression();
    this.#expectMark(')');
    if (isPredicate(inner) && this.takeWord('is')) {
      this.#expectWord('unknown');
      return [{ kind: 'isUnknown', argument: inner }];
    }
    return [...inner, ...this.#accessors()];
  }

  #scalar(): PathItem {
    const { token } = this;
    this.#at++;
    switch (token.kind) {
      case 'string': return { kind: 'literal', value: token.value };
      case 'number': return { kind: 'literal', value: Numeric.parse(token.value.replace(/\.$/, '')) };
      case 'variable': return { kind: 'variable', name: token.value };
      case 'word': {
        const { keyword } = token;
        if (keyword === 'null') return { kind: 'literal', value: null };
        if (keyword === 'true' || keyword === 'false') return { kind: 'literal', value: keyword === 'true' };
        if (keyword === 'last') {
          if (this.#subscripts > 0) return { kind: 'last' };
          throw new DatabaseError('42601', 'LAST is allowed only in array subscripts');
        }
        break;
      }
      case 'mark':
        if (token.text === '$') return { kind: 'root' };
        if (token.text === '@') {
          if (this.#filters > 0) return { kind: 'current' };
          throw new DatabaseError('42601', '@ is not allowed in root expressions');
        }
        break;
      case 'end':
    }
    this.#at--;
    throw this.unexpected();
  }

  #accessors(): readonly PathItem[] {
    const items: PathItem[] = [];
    for (;;) {
      if (this.#takeMark('.')) items.push(this.#member());
      else if (this.#takeMark('[')) items.push(this.#subscript());
      else if (this.#takeMark('?')) items.push(this.#filter());
      else return items;
    }
  }

  #filter(): PathItem {
    this.#expectMark('(');
    this.#filters++;
    const argument = this.#predicate(() => this.expression());
    this.#filters--;
    this.#expectMark(')');
    return { kind: 'filter', argument };
  }

  #subscript(): PathItem {
    if (this.#takeMark('*')) {
      this.#expectMark(']');
      return { kind: 'anyArray' };
    }
    this.#subscripts++;
    const subscripts = [];
    do {
      const from = this.#value(() => this.expression());
      subscripts.push({ from, to: this.takeWord('to') ? this.#value(() => this.expression()) : null });
    } while (this.#takeMark(','));
    this.#subscripts--;
    this.#expectMark(']');
    return { kind: 'index', subscripts };
  }

  #member(): PathItem {
    if (this.#takeMark('*')) return { kind: 'anyKey' };
    if (this.#takeMark('**')) return this.#levels();
    const { token } = this;
    if (token.kind !== 'string' && token.kind !== 'word') throw this.unexpected();
    this.#at++;
    const method = token.kind === 'word' ? token.keyword : null;
    if (method !== null && this.#isMark('(') && (method === 'datetime' || isMethod(method))) {
      this.#at++;
      const template = method === 'datetime' && this.token.kind === 'string' ? this.#string() : null;
      this.#expectMark(')');
      return method === 'datetime' ? { kind: 'datetime', template } : { kind: 'method', name: method };
    }
    return { kind: 'key', name: token.value };
  }

  #levels(): PathItem {
    if (!this.#takeMark('{')) return { kind: 'any', first: 0, last: Infinity };
    const first = this.#level();
    const last = this.takeWord('to') ? this.#level() : first;
    this.#expectMark('}');
    return { kind: 'any', first, last };
  }

  #level(): number {
    const { token } = this;
    if (this.takeWord('last')) return Infinity;
    if (token.kind !== 'number' || !/^\d+$/.test(token.value)) throw this.unexpected();
    this.#at++;
    return Number(token.value);
  }
}

/** How tightly an item binds: operands that bind no tighter are put in parentheses. */
function priority(item: PathItem): number {
  switch (item.kind) {
    case 'or': return 0;
    case 'and': return 1;
    case 'compare': case 'startsWith': case 'likeRegex': return 2;
    case 'arithmetic': return item.operator === '+' || item.operator === '-' ? 3 : 4;
    case 'sign': return 5;
    default: return 6;
  }
}

/** jsonpath_out. */
export function formatJsonPath({ strict, path }: JsonPath): string {
  return (strict ? 'strict ' : '') + format(path, true);
}

function format(path: Path, brackets: boolean): string {
  const [first, ...rest] = path;
  const more = rest.length > 0;
  const base = first.kind === 'literal' && first.value instanceof Numeric && more ? `(${first.value.toString()})`
    : formatItem(first, brackets);
  return base + rest.map((item) => formatItem(item, true, true)).join('');
}

function formatItem(item: PathItem, brackets: boolean, inKey = false): string {
  const operand = (path: Path): string => format(path, priority(path[0]) <= priority(item));
  const bracketed = (text: string): string => (brackets ? `(${text})` : text);
  const dot = inKey ? '.' : '';
  switch (item.kind) {
    case 'literal':
      return item.value instanceof Numeric ? item.value.toString() : JSON.stringify(item.value);
    case 'variable': return `$${JSON.stringify(item.name)}`;
    case 'key': return `${dot}${JSON.stringify(item.name)}`;
    case 'root': return '$';
    case 'current': return '@';
    case 'last': return 'last';
    case 'anyKey': return `${dot}*`;
    case 'anyArray': return '[*]';
    case 'index':
      return `[${item.subscripts.map(formatSubscript).join(',')}]`;
    case 'any': return `${dot}${formatLevels(item.first, item.last)}`;
    case 'method': return `.${item.name}()`;
    case 'datetime': return `.datetime(${item.template === null ? '' : JSON.stringify(item.template)})`;
    case 'filter': return `?(${format(item.argument, false)})`;
    case 'and': return bracketed(`${operand(item.left)} && ${operand(item.right)}`);
    case 'or': return bracketed(`${operand(item.left)} || ${operand(item.right)}`);
    case 'compare': {
      const operator = item.operator === '<>' ? '!=' : item.operator;
      return bracketed(`${operand(item.left)} ${operator} ${operand(item.right)}`);
    }
    case 'arithmetic': return bracketed(`${operand(item.left)} ${item.operator} ${operand(item.right)}`);
    case 'startsWith': return bracketed(`${operand(item.left)} starts with ${operand(item.right)}`);
    case 'likeRegex': {
      const flags = item.flags === '' ? '' : ` flag ${JSON.stringify(item.flags)}`;
      return bracketed(`${operand(item.argument)} like_regex ${JSON.stringify(item.pattern)}${flags}`);
    }
    case 'sign': return bracketed(`${item.operator}${operand(item.argument)}`);
    case 'not': return `!(${format(item.argument, false)})`;
    case 'isUnknown': return `(${format(item.argument, false)}) is unknown`;
    case 'exists': return `exists (${format(item.argument, false)})`;
  }
}

function formatSubscript({ from, to }: Subscript): string {
  return format(from, false) + (to === null ? '' : ` to ${format(to, false)}`);
}

function formatLevels(first: number, last: number): string {
  const name = (level: number): string => (level === Infinity ? 'last' : String(level));
  if (first === 0 && last === Infinity) return '**';
  return first === last ? `**{${name(first)}}` : `**{${name(first)} to ${name(last)}}`;
}

/** What `like_regex` matches with, from regexOf's cache. */
export function likeRegexOf(pattern: string, flags: string): Regex {
  return regexOf(flags.includes('q') ? `***=${pattern}` : pattern, regexOptions(flags));
}

/** XQuery's flags as those of regular expressions: without s a dot ends at a line's end, with m anchors are lines'. */
function regexOptions(flags: string): string {
  if (flags.includes('q')) return flags.includes('i') ? 'i' : '';
  const newline = flags.includes('s') ? (flags.includes('m') ? 'w' : '') : flags.includes('m') ? 'n' : 'p';
  return (flags.includes('i') ? 'i' : '') + newline;
}

const CACHE_SIZE = 256;
const cache = new Map<string, JsonPath>();

/** A jsonpath value (its canonical text) as a tree, from a cache. */
export function jsonPathOf(text: string): JsonPath {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const read = parseJsonPath(text);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(text, read);
  return read;
}
