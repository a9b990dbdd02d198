// The borrowed grammar: node-sql-parser, one dialect's build of it at a time, loaded when a session first asks for it.
import { createRequire } from 'node:module';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Dialect } from './foreign-dialect.ts';
import { dialects } from './foreign-dialect.ts';

/** A node of the borrowed tree: nothing in it is believed that the tokens do not say, too. */
export interface Tree { readonly [key: string]: unknown }

interface Grammar { astify(text: string, options: { readonly database: string }): unknown }
interface Build { readonly Parser: new () => Grammar }

const loaded = new Map<string, Grammar>();

/** Loads a dialect's build ahead of its first use, which would do so, too. */
export async function loadForeign(dialect: string): Promise<void> {
  const known = Object.values(dialects).find((d) => d.name === dialect);
  if (known !== undefined) grammarOf(known);
  await Promise.resolve();
}

function grammarOf(dialect: Dialect): Grammar {
  const known = loaded.get(dialect.build);
  if (known !== undefined) return known;
  const module: unknown = createRequire(import.meta.url)(`node-sql-parser/build/${dialect.build}.js`);
  if (!isBuild(module)) throw new DatabaseError('58P01', `the grammar of ${dialect.name} cannot be loaded`);
  const grammar = new module.Parser();
  loaded.set(dialect.build, grammar);
  return grammar;
}

function isBuild(value: unknown): value is Build {
  return isTree(value) && typeof value['Parser'] === 'function';
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

/** What the grammar did not accept, at an offset in the text that it was shown. */
export class ForeignSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export function foreignTree(text: string, dialect: Dialect): Tree {
  const grammar = grammarOf(dialect);
  let tree: unknown;
  try {
    tree = grammar.astify(text, { database: dialect.build });
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error;
    const location: unknown = isTree(error) && 'location' in error ? error.location : undefined;
    const start = isTree(location) ? location['start'] : undefined;
    const offset = isTree(start) ? start['offset'] : undefined;
    throw new ForeignSyntaxError(error.message, typeof offset === 'number' ? offset : 0);
  }
  const [first] = Array.isArray(tree) ? tree : [tree];
  if (!isTree(first)) throw new ForeignSyntaxError('nothing was read', 0);
  return first;
}

export function child(tree: Tree, key: string): Tree | undefined {
  const value = tree[key];
  return isTree(value) && !Array.isArray(value) ? value : undefined;
}

export function children(tree: Tree | undefined, key: string): readonly Tree[] {
  const value = tree?.[key];
  return Array.isArray(value) ? value.filter(isTree) : [];
}

export function text(tree: Tree | undefined, key: string): string | undefined {
  const value = tree?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** A name in any of the shapes that the builds give it. */
export function nameIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isTree(value)) return undefined;
  if (Array.isArray(value)) return value.length === 1 ? nameIn(value[0]) : undefined;
  return nameIn(value['value'] ?? value['expr'] ?? value['name'] ?? undefined);
}
