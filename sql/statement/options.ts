// WITH lists and their like: option values as the text, number or flag a statement wants.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Option, OptionValue } from '../parser/ast.ts';
import { parseBoolean } from '../setting-value.ts';

/** The value's text; a bare name is "true". */
export function optionText(option: Option): string {
  const { value } = option;
  if (value === undefined) return 'true';
  if (value.kind === 'star') return '*';
  if (value.kind === 'list') return value.items.map(itemText).join(',');
  return value.text;
}

function itemText(value: OptionValue): string {
  return value.kind === 'star' ? '*' : value.kind === 'list' ? value.items.map(itemText).join(',') : value.text;
}

export function optionFlag(option: Option): boolean {
  if (option.value === undefined) return true;
  const flag = parseBoolean(optionText(option));
  if (flag === null) throw new DatabaseError('42601', `${option.name} requires a Boolean value`);
  return flag;
}

/** Names of a list option, `('a', 'b')`. */
export function optionNames(option: Option): readonly string[] {
  const { value } = option;
  if (value === undefined) return [];
  return value.kind === 'list' ? value.items.map(itemText) : [itemText(value)];
}

/** As a plain record, for what is kept in the catalog. */
export function optionRecord(options: readonly Option[]): Readonly<Record<string, string>> {
  return Object.fromEntries(options.map((o) => [o.name, optionText(o)]));
}
