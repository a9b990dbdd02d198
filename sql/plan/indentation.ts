// Indentation of printed SQL: where lines begin, as PostgreSQL's pretty-printer places them.

/** Stands for a line break until the text is finished: what a string constant contains is not one. */
const BREAK = '\0';
const LIMIT = 40;

export class Indentation {
  level: number;

  constructor(level = 0) {
    this.level = level;
  }

  /** `word` on a line of its own, the level changed before and after it, `more` blanks deeper than the level. */
  keyword(word: string, before = 0, after = 0, more = 0): string {
    this.level += before;
    const at = this.level < LIMIT ? Math.max(this.level, 0) : (LIMIT + Math.trunc((this.level - LIMIT) / 4)) % LIMIT;
    this.level = Math.max(this.level + after, 0);
    return BREAK + ' '.repeat(at + more) + word;
  }

  static startsLine(text: string): boolean {
    return text.startsWith(BREAK);
  }

  static isMultiline(text: string): boolean {
    return text.includes(BREAK);
  }

  /** How much of the last line is full. */
  static lastLine(text: string): number {
    return text.length - text.lastIndexOf(BREAK) - 1;
  }

  /** Line breaks in place, no blanks in front of them. */
  static finished(text: string): string {
    return text.replace(/ *\0/g, '\n');
  }
}
