// LIKE: a pattern compiled to segments of bytes between %, found left to right; linear for patterns without _.
import { DatabaseError } from '../../data/error.ts';
import { encodeUtf8 } from '../../data/utf8.ts';

/** Stands for _ in a segment: any one character. */
const ANY = 256;
/** An escape character with nothing behind it: an error once it is reached. */
const DANGLING = 257;

export interface LikePattern {
  /** Without a % at the end, the last segment must reach the end; likewise the first at the start. */
  readonly segments: readonly Uint16Array[];
  readonly openStart: boolean;
  readonly openEnd: boolean;
}

export function compileLike(pattern: string): LikePattern {
  const segments: number[][] = [[]];
  const bytes = encodeUtf8(pattern);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 37) segments.push([]);
    else if (byte === 95) segments[segments.length - 1].push(ANY);
    else if (byte === 92) {
      segments[segments.length - 1].push(++i === bytes.length ? DANGLING : bytes[i]);
    } else segments[segments.length - 1].push(byte);
  }
  const openStart = segments[0].length === 0 && segments.length > 1;
  const openEnd = segments.length > 1 && segments[segments.length - 1].length === 0;
  return { segments: segments.filter((s) => s.length > 0).map((s) => Uint16Array.from(s)), openStart, openEnd };
}

let lastPattern: string | null = null;
let lastCompiled: LikePattern = { segments: [], openStart: false, openEnd: false };
/** compileLike with the last pattern remembered: most columns of patterns hold one. */
export function likePattern(pattern: string): LikePattern {
  if (pattern !== lastPattern) {
    lastCompiled = compileLike(pattern);
    lastPattern = pattern;
  }
  return lastCompiled;
}

function danglingEscape(): DatabaseError {
  return new DatabaseError('22025', 'LIKE pattern must not end with escape character');
}

/** Where the segment's match that starts at `at` ends, or −1. */
function matchAt(bytes: Uint8Array, at: number, end: number, segment: Uint16Array): number {
  let p = at;
  for (let k = 0; k < segment.length; k++) {
    if (p >= end) return -1;
    if (segment[k] === DANGLING) throw danglingEscape();
    if (segment[k] === ANY) {
      p++;
      while (p < end && (bytes[p] & 0xc0) === 0x80) p++;
    } else if (bytes[p] === segment[k]) p++;
    else return -1;
  }
  return p;
}

function findSegment(bytes: Uint8Array, from: number, end: number, segment: Uint16Array): number {
  const first = segment[0];
  if (first === DANGLING) throw danglingEscape();
  for (let at = from; at < end; at++) {
    if (bytes[at] !== first && (first !== ANY || (bytes[at] & 0xc0) === 0x80)) continue;
    const to = matchAt(bytes, at, end, segment);
    if (to >= 0) return to;
  }
  return -1;
}

/** Characters from which a match of the segment can start so that it ends at `end`; for the anchored last segment. */
function matchesEnd(bytes: Uint8Array, from: number, end: number, segment: Uint16Array): boolean {
  let p = end;
  if (segment[segment.length - 1] === DANGLING && from < end) throw danglingEscape();
  for (let k = segment.length - 1; k >= 0; k--) {
    if (p <= from) return false;
    p--;
    if (segment[k] === ANY) while (p > from && (bytes[p] & 0xc0) === 0x80) p--;
    else if (bytes[p] !== segment[k]) return false;
  }
  return true;
}

/** Does bytes[start .. end) match? */
export function matchLike(pattern: LikePattern, bytes: Uint8Array, start: number, end: number): boolean {
  const { segments, openStart, openEnd } = pattern;
  const last = segments.length - 1;
  if (last < 0) return openStart || start === end;
  let at = start;
  for (let k = 0; k <= last; k++) {
    const segment = segments[k];
    if (k === 0 && !openStart) {
      at = matchAt(bytes, at, end, segment);
      if (at < 0) return false;
      if (k === last) return openEnd || at === end;
    } else if (k === last && !openEnd) {
      return matchesEnd(bytes, at, end, segment);
    } else {
      at = findSegment(bytes, at, end, segment);
      if (at < 0) return false;
    }
  }
  return true;
}

/** like_escape(): the pattern with another escape character, written with backslashes. */
export function likeEscape(pattern: string, escape: string): string {
  const characters = [...escape];
  if (characters.length > 1) {
    throw new DatabaseError('22025', 'invalid escape string',
      { hint: 'Escape string must be empty or one character.' });
  }
  if (escape === '\\') return pattern;
  if (escape === '') return pattern.replaceAll('\\', '\\\\');
  let out = '';
  let escaped = false;
  for (const c of pattern) {
    if (c === escape && !escaped) {
      out += '\\';
      escaped = true;
    } else if (c === '\\') {
      out += '\\';
      if (!escaped) out += '\\';
      escaped = false;
    } else {
      out += c;
      escaped = false;
    }
  }
  return out;
}
