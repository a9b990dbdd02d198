// How messages mention a type that a user made: marked, since its name depends on the search path of who reads it.

/** Noncharacters of Unicode, kept for uses inside a program: a user's text with a mention in it is shown as one. */
const OPEN = '\uFDD0';
const CLOSE = '\uFDD1';
const MENTION = new RegExp(`${OPEN}(\\d+) ([^${CLOSE}]*)${CLOSE}`, 'g');

/** `name`: what it is called where nobody can say how it is called there. */
export function mentioned(oid: number, name: string): string {
  return `${OPEN}${oid} ${name}${CLOSE}`;
}

export interface TypeNames {
  nameOf(kind: 'regtype', oid: number): string | null;
}

/** The text with names for what it mentions: theirs, or those that were given. */
export function withNames<T extends string | undefined>(text: T, names: TypeNames | null): T;
export function withNames(text: string | undefined, names: TypeNames | null): string | undefined {
  if (text?.includes(OPEN) !== true) return text;
  return text.replaceAll(MENTION, (_, oid: string, name: string) => names?.nameOf('regtype', Number(oid)) ?? name);
}
