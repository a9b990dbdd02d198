// SQL values → JSON text, as to_json() and the functions that build JSON write them.
import { asArray, asRecord } from '../../data/composite.ts';
import type { Datum, SqlArray } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import type { FormatSettings } from '../../data/settings.ts';
import { formatText } from '../../data/text-format.ts';
import type { LogicalType } from '../../data/types.ts';
import type { EvalContext } from '../../expression/context.ts';

/** json_build_object and the like put blanks around; to_json puts none, or line feeds when asked to be pretty. */
export interface JsonLayout {
  readonly pretty: boolean;
}

/** How values are written, and what OIDs are called. */
type Writing = Pick<EvalContext, 'format' | 'catalog'>;

function plainText(type: LogicalType, d: Datum, { format, catalog }: Writing, settings: FormatSettings = format): string {
  return formatText(type, d, settings, { names: catalog });
}

const PLAIN: JsonLayout = { pretty: false };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const ISO: Pick<FormatSettings, 'dateStyle'> = { dateStyle: 'ISO' };

/** ISO 8601 with a T, and minutes in the offset. */
function momentText(type: LogicalType, d: Datum, writing: Writing): string {
  const text = plainText(type, d, writing, { ...writing.format, ...ISO });
  if (type.kind === 'date') return text;
  const withT = text.replace(/^(\S*\d) (\d\d:)/, '$1T$2');
  return type.kind === 'timestamptz' ? withT.replace(/([+-]\d\d)( BC)?$/, '$1:00$2') : withT;
}

export function toJson(type: LogicalType, d: Datum, writing: Writing, layout: JsonLayout = PLAIN): string {
  if (d === null) return 'null';
  switch (type.kind) {
    case 'domain': return toJson(type.base, d, writing, layout);
    case 'boolean': return d === true ? 'true' : 'false';
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': case 'numeric': {
      const text = plainText(type, d, writing);
      return NUMBER.test(text) ? text : JSON.stringify(text);
    }
    case 'json': case 'jsonb': return String(d);
    case 'date': case 'timestamp': case 'timestamptz': return JSON.stringify(momentText(type, d, writing));
    case 'array': return arrayJson(type.element, asArray(d), writing, layout);
    case 'record': return recordJson(type, d, writing, layout);
    default: return JSON.stringify(plainText(type, d, writing));
  }
}

function arrayJson(element: LogicalType, array: SqlArray, writing: Writing, layout: JsonLayout): string {
  const { dimensions, values } = array;
  if (dimensions.length === 0) return '[]';
  let at = 0;
  const level = (depth: number): string => {
    const items: string[] = [];
    for (let i = 0; i < dimensions[depth]; i++) {
      items.push(depth + 1 < dimensions.length ? level(depth + 1) : toJson(element, values[at++], writing));
    }
    return `[${items.join(layout.pretty && depth === 0 ? ',\n ' : ',')}]`;
  };
  return level(0);
}

function recordJson(type: LogicalType & { kind: 'record' }, d: Datum, writing: Writing,
  layout: JsonLayout): string {
  const { fields } = asRecord(d);
  const members = fields.map((f, i) => {
    const { name, type: fieldType } = type.fields[i] ?? { name: `f${i + 1}`, type: { kind: 'text' } };
    return `${JSON.stringify(name === '' ? `f${i + 1}` : name)}:${toJson(fieldType, f, writing)}`;
  });
  return `{${members.join(layout.pretty ? ',\n ' : ',')}}`;
}

/** The text of an object key: no NULL, no array, no record, no json. */
export function keyText(type: LogicalType, d: Datum, writing: Writing): string {
  if (type.kind === 'array' || type.kind === 'record' || type.kind === 'json' || type.kind === 'jsonb') {
    throw new DatabaseError('22023', 'key value must be scalar, not array, composite, or json');
  }
  if (type.kind === 'boolean') return d === true ? 'true' : 'false';
  return type.kind === 'timestamp' || type.kind === 'timestamptz' ? momentText(type, d, writing)
    : plainText(type, d, writing);
}
