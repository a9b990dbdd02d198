// json and jsonb: validation, a small tree, jsonb's canonical text, members of json as spans of its text.
import { DatabaseError } from './error.ts';
import { JsonLexer } from './json-lexer.ts';
import { Numeric } from './numeric.ts';
import { compareUtf8, encodeUtf8 } from './utf8.ts';

/** A JSON value. Objects iterate in jsonb's key order; null is JSON's null, not SQL's. */
export type Json = null | boolean | string | Numeric | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
export type JsonObject = ReadonlyMap<string, Json>;

export function isJsonArray(value: Json): value is JsonArray {
  return Array.isArray(value);
}
export function isJsonObject(value: Json): value is JsonObject {
  return value instanceof Map;
}

const MAX_DEPTH = 2500;

function tooDeep(): DatabaseError {
  return new DatabaseError('54001', 'stack depth limit exceeded');
}

/** Requires: the lexer is at the value's first token; leaves it after the last. */
function readValue(lexer: JsonLexer, depth: number): Json {
  if (depth > MAX_DEPTH) throw tooDeep();
  switch (lexer.token) {
    case '{': return readObject(lexer, depth);
    case '[': return readArray(lexer, depth);
    default: return readScalar(lexer);
  }
}

function readScalar(lexer: JsonLexer): Json {
  const { token } = lexer;
  const value = lexer.value;
  const { start, end } = lexer;
  switch (token) {
    case 'string': case 'number': case 'true': case 'false': case 'null': break;
    default: throw lexer.unexpected('JSON value');
  }
  lexer.next();
  switch (token) {
    case 'string': return value;
    case 'number': return Numeric.parse(lexer.text.slice(start, end));
    case 'null': return null;
    default: return token === 'true';
  }
}

function readArray(lexer: JsonLexer, depth: number): Json {
  const items: Json[] = [];
  lexer.next();
  if (lexer.at(']')) {
    lexer.next();
    return items;
  }
  for (;;) {
    items.push(readValue(lexer, depth + 1));
    if (lexer.token === ']') break;
    if (lexer.token !== ',') throw lexer.unexpected('"," or "]"');
    lexer.next();
  }
  lexer.next();
  return items;
}

function readObject(lexer: JsonLexer, depth: number): Json {
  const entries = new Map<string, Json>();
  lexer.next();
  for (let expected = 'string or "}"'; lexer.token !== '}' || entries.size > 0; expected = 'string') {
    const key = readKey(lexer, expected);
    entries.set(key, readValue(lexer, depth + 1));
    if (lexer.token === '}') break;
    if (lexer.token !== ',') throw lexer.unexpected('"," or "}"');
    lexer.next();
  }
  lexer.next();
  return orderedObject(entries);
}

function readKey(lexer: JsonLexer, expected: string): string {
  if (lexer.token !== 'string') throw lexer.unexpected(expected);
  const key = lexer.value;
  lexer.next();
  if (!lexer.at(':')) throw lexer.unexpected('":"');
  lexer.next();
  return key;
}

/** jsonb's order of keys: shorter first (in bytes), then by bytes. */
export function compareKeys(a: string, b: string): number {
  return utf8Length(a) - utf8Length(b) || compareUtf8(a, b);
}

function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encodeUtf8(text).length;
  return text.length;
}

/** The same entries in jsonb's key order. */
export function orderedObject(entries: ReadonlyMap<string, Json>): JsonObject {
  let last: string | null = null;
  for (const key of entries.keys()) {
    if (last !== null && compareKeys(last, key) > 0) {
      return new Map([...entries].sort(([a], [b]) => compareKeys(a, b)));
    }
    last = key;
  }
  return entries;
}

/** Reads json or jsonb text as a tree; of duplicate keys the last counts. 22P02 with PostgreSQL's detail. */
export function parseJson(text: string): Json {
  const lexer = new JsonLexer(text, true);
  const value = readValue(lexer, 0);
  if (lexer.token !== 'end') throw lexer.unexpected('end of input');
  return value;
}

/** jsonb's text form: one blank after comma and colon. */
export function formatJsonb(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean' || value instanceof Numeric) return value.toString();
  if (isJsonArray(value)) return `[${value.map(formatJsonb).join(', ')}]`;
  let text = '';
  for (const [key, member] of value) text += `${text === '' ? '' : ', '}${JSON.stringify(key)}: ${formatJsonb(member)}`;
  return `{${text}}`;
}

/** jsonb_in: the canonical text of any JSON text. */
export function canonicalJsonb(text: string): string {
  return formatJsonb(parseJson(text));
}

/** jsonb_pretty. */
export function prettyJsonb(value: Json, indent = ''): string {
  const inner = `${indent}    `;
  if (isJsonArray(value)) {
    return `[\n${value.map((v) => inner + prettyJsonb(v, inner)).join(',\n')}${value.length > 0 ? '\n' : ''}${indent}]`;
  }
  if (!isJsonObject(value)) return formatJsonb(value);
  const members = [...value].map(([k, v]) => `${inner}${JSON.stringify(k)}: ${prettyJsonb(v, inner)}`);
  return `{\n${members.join(',\n')}${members.length > 0 ? '\n' : ''}${indent}}`;
}

/** json_in: checks the text and leaves it as it is. */
export function validateJson(text: string): string {
  const lexer = new JsonLexer(text, false);
  skipValue(lexer, 0);
  if (lexer.token !== 'end') throw lexer.unexpected('end of input');
  return text;
}

function skipValue(lexer: JsonLexer, depth: number): void {
  if (lexer.token === '{' || lexer.token === '[') walkMembers(lexer, depth, ignoreMember);
  else if (lexer.token === 'number') lexer.next();
  else readScalar(lexer);
}

function ignoreMember(): void { /* spans are of no interest */ }

/** Calls `visit` with key (null in arrays), start and end of each member. Requires: at { or [. */
function walkMembers(
  lexer: JsonLexer, depth: number, visit: (key: string | null, start: number, end: number) => void,
): void {
  if (depth > MAX_DEPTH) throw tooDeep();
  const object = lexer.token === '{';
  const close = object ? '}' : ']';
  lexer.next();
  for (let first = true; lexer.token !== close || !first; first = false) {
    const key = object ? readKey(lexer, first ? 'string or "}"' : 'string') : null;
    const { start } = lexer;
    skipValue(lexer, depth + 1);
    visit(key, start, lexer.previousEnd);
    if (lexer.token === close) break;
    if (lexer.token !== ',') throw lexer.unexpected(`"," or "${close}"`);
    lexer.next();
  }
  lexer.next();
}

/** A member of a json value as the span of its text. `key` is null in an array. */
export interface JsonMember {
  readonly key: string | null;
  readonly text: string;
}

/** The members of json text in order, duplicates and all; null when it is a scalar. */
export function jsonMembers(text: string): readonly JsonMember[] | null {
  const lexer = new JsonLexer(text, true);
  if (lexer.token !== '{' && lexer.token !== '[') return null;
  const members: JsonMember[] = [];
  walkMembers(lexer, 0, (key, start, end) => members.push({ key, text: text.slice(start, end) }));
  return members;
}

/** json_typeof and jsonb_typeof. */
export function jsonTypeOf(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value;
  if (value instanceof Numeric) return 'number';
  return isJsonArray(value) ? 'array' : 'object';
}
