// Set-returning functions over text: regexp_matches, regexp_split_to_table, string_to_table.
import { arrayFrom } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { matchGroups, regexOf, rejectGlobal, searchAll, splitText } from '../../data/regex/regex.ts';
import { arrayOf, TEXT } from '../../data/types.ts';
import { example, str, table } from '../define.ts';
import type { TableFunction } from '../function.ts';
import { splitWithNull } from '../scalar/text.ts';

const optionsOf = (d: Datum | undefined): string => (d === undefined ? '' : str(d));

function* matches([text, pattern, options]: readonly Datum[]): Generator<readonly Datum[]> {
  const regex = regexOf(str(pattern), optionsOf(options));
  for (const matcher of searchAll(regex, str(text), regex.flags.global)) {
    yield [arrayFrom(matchGroups(matcher, regex.groups))];
  }
}

function* oneColumn(values: Iterable<Datum>): Generator<readonly Datum[]> {
  for (const value of values) yield [value];
}

export const STRING_TABLES: readonly TableFunction[] = [
  table({
    name: 'regexp_matches', args: [TEXT, TEXT, TEXT], optional: 1, returns: arrayOf(TEXT), rows: matches,
    description: 'Groups of the first match, with option g of every one.',
    example: example(`SELECT max(m) FROM regexp_matches('foobarbequebaz', 'ba.', 'g') m`, '{baz}'),
  }),
  table({
    name: 'regexp_split_to_table', args: [TEXT, TEXT, TEXT], optional: 1, returns: TEXT,
    description: 'Parts between the matches.',
    example: example(`SELECT count(*) FROM regexp_split_to_table('hello world', '\\s+')`, '2'),
    rows: ([text, pattern, options]) => {
      rejectGlobal('regexp_split_to_table', optionsOf(options));
      return oneColumn(splitText(regexOf(str(pattern), optionsOf(options)), str(text)));
    },
  }),
  table({
    name: 'string_to_table', args: [TEXT, TEXT, TEXT], optional: 1, returns: TEXT, strict: false,
    description: 'Parts between separators; parts equal to the third argument become NULL.',
    example: example(`SELECT count(s) FROM string_to_table('xx~^~yy~^~zz', '~^~', 'yy') s`, '2'),
    rows: (args) => (args[0] === null ? [] : oneColumn(splitWithNull(args))),
  }),
];
