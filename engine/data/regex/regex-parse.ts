// PostgreSQL's advanced regular expressions as a tree, for posix-regex.ts; and whether RE2 can be trusted with them.
import { RE2JS } from 're2js';
import { backReference, invalidRegex, Translator } from './regex-syntax.ts';
import type { RegexFlags } from './regex-syntax.ts';

/** What a part takes where it has the choice; null: it has none (9.7.3.5). */
export type Preference = 'longest' | 'shortest' | null;

interface Part {
  readonly prefers: Preference;
  /** A capturing group, or a reference to one, is in it. */
  readonly captures: boolean;
  /** A reference to a group is in it. */
  readonly refers: boolean;
}

export type RegexNode =
  | (Part & { readonly kind: 'character'; readonly test: (code: number) => boolean })
  | (Part & { readonly kind: 'assert'; readonly holds: (text: string, at: number) => boolean })
  | (Part & { readonly kind: 'look'; readonly inner: RegexNode; readonly behind: boolean; readonly negated: boolean })
  | (Part & { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] })
  | (Part & { readonly kind: 'choice'; readonly options: readonly RegexNode[] })
  /** `number` 0: it does not capture. */
  | (Part & { readonly kind: 'group'; readonly inner: RegexNode; readonly number: number })
  /** So many times what a group matched; `like`: the group, without constraints. */
  | (Part & { readonly kind: 'back'; readonly number: number; readonly like: RegexNode; readonly ignoreCase: boolean;
    readonly least: number; readonly most: number })
  | (Part & { readonly kind: 'repeat'; readonly inner: RegexNode; readonly least: number; readonly most: number });

export interface ParsedRegex {
  readonly root: RegexNode;
  readonly groups: number;
  /** RE2 gives the same matches and groups. */
  readonly plain: boolean;
}

const QUANTIFIER = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\?)?/;
const LOOK = /^\(\?(<?)([=!])/;

const isWord = (text: string, at: number): boolean => /[0-9A-Za-z_]/.test(text[at] ?? '');

type Holds = (text: string, at: number) => boolean;

const ASSERTIONS: { readonly [escape: string]: Holds } = {
  m: (text, at) => !isWord(text, at - 1) && isWord(text, at),
  M: (text, at) => isWord(text, at - 1) && !isWord(text, at),
  y: (text, at) => isWord(text, at - 1) !== isWord(text, at),
  Y: (text, at) => isWord(text, at - 1) === isWord(text, at),
  A: (_, at) => at === 0,
  Z: (text, at) => at === text.length,
};

/** Requires: a pattern without embedded options, whose syntax the translator has accepted. */
export function parseRegex(text: string, flags: RegexFlags): ParsedRegex {
  const parser = new Parser(text, flags);
  const root = parser.choice();
  if (!parser.atEnd()) throw invalidRegex('parentheses () not balanced');
  return { root, groups: parser.groups, plain: parser.plain(root) };
}

class Parser {
  groups = 0;
  readonly #text: string;
  readonly #flags: RegexFlags;
  readonly #atoms: Translator;
  readonly #classes = new Map<string, (code: number) => boolean>();
  #at = 0;
  /** RE2 knows it, but means something else by it, or nothing. */
  #special = false;
  #lazy = false;
  #greedy = false;
  #choices = false;
  #captureRepeated = false;
  #looking = 0;
  readonly #closed = new Map<number, RegexNode>();

  constructor(text: string, flags: RegexFlags) {
    this.#text = text;
    this.#flags = flags;
    this.#atoms = new Translator(text, flags);
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  plain(root: RegexNode): boolean {
    if (this.#special || (this.#lazy && (this.#greedy || this.#choices))) return false;
    return !root.captures || !(this.#choices || this.#captureRepeated);
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }

  choice(): RegexNode {
    const options = [this.#branch()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      options.push(this.#branch());
    }
    if (options.length === 1) return options[0];
    this.#choices = true;
    return {
      kind: 'choice', options, prefers: 'longest', captures: options.some((o) => o.captures),
      refers: options.some((o) => o.refers),
    };
  }

  #branch(): RegexNode {
    const parts: RegexNode[] = [];
    while (!this.atEnd() && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const atom = this.#atom();
      if (atom !== null) parts.push(this.#quantified(atom));
    }
    return sequence(joined(parts));
  }

  /** null: a comment, or white space that does not count. */
  #atom(): RegexNode | null {
    const c = this.#text[this.#at];
    if (c === '(') return this.#group();
    if (c === '^' || c === '$') {
      this.#at++;
      return assertion(this.#anchor(c));
    }
    if (c === '\\') {
      const reference = backReference(this.#text, this.#at, this.groups);
      if (reference !== null) return this.#back(reference.number, reference.end);
      const holds = ASSERTIONS[this.#text[this.#at + 1]];
      if (holds !== undefined) {
        if (this.#text[this.#at + 1] === 'm' || this.#text[this.#at + 1] === 'M') this.#special = true;
        this.#at += 2;
        return assertion(holds);
      }
    }
    const boundary = /^\[\[:([<>]):\]\]/.exec(this.#rest());
    if (boundary !== null) {
      this.#special = true;
      this.#at += boundary[0].length;
      return assertion(ASSERTIONS[boundary[1] === '<' ? 'm' : 'M']);
    }
    const code = this.#text.codePointAt(this.#at) ?? 0;
    const { source, end } = code > 0xffff ? { source: String.fromCodePoint(code), end: this.#at + 2 }
      : this.#atoms.atomAt(this.#at);
    this.#at = end;
    if (source === '') return null;
    return { kind: 'character', test: this.#class(source), prefers: null, captures: false, refers: false };
  }

  /** 2201B for a group that is not closed yet, and within a constraint. */
  #back(number: number, end: number): RegexNode {
    const inner = this.#closed.get(number);
    if (inner === undefined || this.#looking > 0) throw invalidRegex('invalid backreference number');
    this.#at = end;
    this.#special = true;
    return {
      kind: 'back', number, like: withoutConstraints(inner), ignoreCase: this.#flags.ignoreCase, least: 1, most: 1,
      prefers: null, captures: true, refers: true,
    };
  }

  #anchor(c: string): Holds {
    const lines = this.#flags.newlineAnchors;
    return c === '^' ? (text, at) => at === 0 || (lines && text[at - 1] === '\n')
      : (text, at) => at === text.length || (lines && text[at] === '\n');
  }

  /** One character, as RE2 sees it. */
  #class(source: string): (code: number) => boolean {
    const known = this.#classes.get(source);
    if (known !== undefined) return known;
    const bits = (this.#flags.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (this.#flags.newlineStop ? 0 : RE2JS.DOTALL);
    const program = RE2JS.compile(source, bits);
    const answers = new Map<number, boolean>();
    const test = (code: number): boolean => {
      const answer = answers.get(code) ?? program.matches(String.fromCodePoint(code));
      answers.set(code, answer);
      return answer;
    };
    this.#classes.set(source, test);
    return test;
  }

  #group(): RegexNode | null {
    const comment = /^\(\?#[^)]*\)/.exec(this.#rest());
    if (comment !== null) {
      this.#at += comment[0].length;
      return null;
    }
    const look = LOOK.exec(this.#rest());
    const plain = this.#rest().startsWith('(?:');
    this.#at += look !== null ? look[0].length : plain ? 3 : 1;
    // Brackets in a constraint capture nothing.
    if (look !== null) this.#looking++;
    const number = this.#looking > 0 || plain ? 0 : ++this.groups;
    const inner = this.choice();
    if (look !== null) this.#looking--;
    if (this.#text[this.#at] !== ')') throw invalidRegex('parentheses () not balanced');
    this.#at++;
    if (look === null) {
      if (number > 0) this.#closed.set(number, inner);
      return {
        kind: 'group', inner, number, prefers: inner.prefers, captures: number > 0 || inner.captures, refers: inner.refers,
      };
    }
    this.#special = true;
    return {
      kind: 'look', inner, behind: look[1] !== '', negated: look[2] === '!', prefers: null, captures: false, refers: false,
    };
  }

  #quantified(atom: RegexNode): RegexNode {
    while (this.#flags.expanded && /^\s/.test(this.#rest())) this.#at++;
    const found = QUANTIFIER.exec(this.#rest());
    if (found === null) return atom;
    if (atom.kind === 'assert' || atom.kind === 'look') throw invalidRegex('quantifier operand invalid');
    this.#at += found[0].length;
    const [, symbol, low, comma, high, lazy] = found;
    const least = symbol === undefined ? Number(low) : symbol === '+' ? 1 : 0;
    const most = symbol !== undefined ? (symbol === '?' ? 1 : Infinity)
      : comma === undefined ? least : high === '' || high === undefined ? Infinity : Number(high);
    const fixed = symbol === undefined && comma === undefined;
    if (most === 0) {
      // RE2 may take an empty group part in the match.
      if (atom.captures) this.#special = true;
      return sequence([]);
    }
    if (lazy !== undefined && !fixed) this.#lazy = true;
    else if (!fixed) this.#greedy = true;
    if (atom.captures) this.#captureRepeated = true;
    if (atom.kind === 'back') {
      const preferred = fixed ? null : lazy === undefined ? 'longest' : 'shortest';
      return { ...atom, least, most, prefers: preferred };
    }
    const prefers = fixed ? atom.prefers : lazy === undefined ? 'longest' : 'shortest';
    return { kind: 'repeat', inner: atom, least, most, prefers, captures: atom.captures, refers: atom.refers };
  }
}

function assertion(holds: Holds): RegexNode {
  return { kind: 'assert', holds, prefers: null, captures: false, refers: false };
}

/** What matches all that the part matches anywhere. */
function withoutConstraints(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'assert': case 'look': return sequence([]);
    case 'sequence': return { ...node, parts: node.parts.map(withoutConstraints) };
    case 'choice': return { ...node, options: node.options.map(withoutConstraints) };
    case 'group': case 'repeat': return { ...node, inner: withoutConstraints(node.inner) };
    case 'back': case 'character': return node;
  }
}

function sequence(parts: readonly RegexNode[]): RegexNode {
  if (parts.length === 1) return parts[0];
  const first = parts.find((p) => p.prefers !== null);
  return {
    kind: 'sequence', parts, prefers: first?.prefers ?? null, captures: parts.some((p) => p.captures),
    refers: parts.some((p) => p.refers),
  };
}

/** Neighbours that capture nothing and do not differ in what they prefer decide together. */
function joined(parts: readonly RegexNode[]): readonly RegexNode[] {
  const out: RegexNode[] = [];
  let run: RegexNode[] = [];
  const flush = (): void => {
    if (run.length > 0) out.push(sequence(run));
    run = [];
  };
  for (const part of parts) {
    const prefers = run.find((p) => p.prefers !== null)?.prefers ?? null;
    if (part.captures || (prefers !== null && part.prefers !== null && part.prefers !== prefers)) flush();
    if (part.captures) out.push(part);
    else run.push(part);
  }
  flush();
  return out;
}
