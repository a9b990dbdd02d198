// Set-returning functions over the catalog.
import { asArray } from '../../../engine/data/composite.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { BOOLEAN, INT4, REGCLASS, TEXT, simpleType } from '../../../engine/data/types.ts';
import { table } from '../../../engine/function/define.ts';
import type { TableFunction } from '../../../engine/function/function.ts';
import { KEYWORD_TABLE } from './keyword-table.ts';

const CATEGORIES: Readonly<Record<string, string>> = {
  U: 'unreserved', C: 'unreserved (cannot be function or type name)', T: 'reserved (can be function or type name)', R: 'reserved',
};

function keywords(): Datum[][] {
  return KEYWORD_TABLE.trim().split(/\s+/).map((field) => {
    const [word, code] = field.split(':');
    const bare = !code.endsWith('!');
    return [word, code[0], bare, CATEGORIES[code[0]], bare ? 'can be bare label' : 'requires AS'];
  });
}

export const CATALOG_TABLE_FUNCTIONS: readonly TableFunction[] = [
  table({
    name: 'pg_get_keywords', args: [], returns: simpleType('any'), volatility: 'stable', description: 'the key words of the grammar',
    columns: [{ name: 'word', type: TEXT }, { name: 'catcode', type: simpleType('char') }, { name: 'barelabel', type: BOOLEAN },
      { name: 'catdesc', type: TEXT }, { name: 'baredesc', type: TEXT }],
    rows: keywords,
  }),
  table({
    name: 'information_schema._pg_expandarray', args: [simpleType('anyarray')], returns: simpleType('any'),
    description: 'the elements of an array with their positions from 1',
    columns: [{ name: 'x', type: simpleType('anyelement') }, { name: 'n', type: INT4 }],
    rows: ([array]) => asArray(array).values.map((value, i) => [value, i + 1]),
  }),
  // There are no partitions.
  table({
    name: 'pg_partition_ancestors', args: [REGCLASS], returns: REGCLASS, volatility: 'stable',
    description: 'the partitioned tables above a partition', rows: () => [],
  }),
];
