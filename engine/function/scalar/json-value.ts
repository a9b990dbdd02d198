// SQL values → JSON text, as to_json() and the functions that build JSON write them.
import { asArray, asRecord } from '../../data/composite.ts';
import type { Datum, SqlArray } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import type { FormatSettings } from '../../data/settings.ts';
import { formatText } from '../../data/text-format.ts';
import type { LogicalType } from '../../data/types.ts';

/** json_build_object and the like put blanks around; to_json puts none, or line feeds when asked to be pretty. */
export interface JsonLayout {
  readonly pretty: boolean;
}

const PLAIN: JsonLayout = { pretty: false };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const ISO: Pick<FormatSettings, 'dateStyle'> = { dateStyle: 'ISO' };

/** ISO 8601 with a T, and minutes in the offset. */
function momentText(type: LogicalType, d: Datum, format: FormatSettings): string {
  const text = formatText(type, d, { ...format, ...ISO });
  if (type.kind === 'date') return text;
  const withT = text.replace(/^(\S*\d) (\d\d:)/, '$1T$2');
  return type.kind === 'timestamptz' ? withT.replace(/([+-]\d\d)( BC)?$/, '$1:00$2') : withT;
}

export function toJson(type: LogicalType, d: Datum, format: FormatSettings, layout: JsonLayout = PLAIN): string {
  if (d === null) return 'null';
  switch (type.kind) {
    case 'domain': return toJson(type.base, d, format, layout);
    case 'boolean': return d === true ? 'true' : 'false';
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': case 'numeric': {
      const text = formatText(type, d, format);
      return NUMBER.test(text) ? text : JSON.stringify(text);
    }
    case 'json': case 'jsonb': return String(d);
    case 'date': case 'timestamp': case 'timestamptz': return JSON.stringify(momentText(type, d, format));
    case 'array': return arrayJson(type.element, asArray(d), format, layout);
    case 'record': return recordJson(type, d, format, layout);
    default: return JSON.stringify(formatText(type, d, format));
  }
}

function arrayJson(element: LogicalType, array: SqlArray, format: FormatSettings, layout: JsonLayout): string {
  const { dimensions, values } = array;
  if (dimensions.length === 0) return '[]';
  let at = 0;
  const level = (depth: number): string => {
    const items: string[] = [];
    for (let i = 0; i < dimensions[depth]; i++) {
      items.push(depth + 1 < dimensions.length ? level(depth + 1) : toJson(element, values[at++], format));
    }
    return `[${items.join(layout.pretty && depth === 0 ? ',\n ' : ',')}]`;
  };
  return level(0);
}

function recordJson(type: LogicalType & { kind: 'record' }, d: Datum, format: FormatSettings,
  layout: JsonLayout): string {
  const { fields } = asRecord(d);
  const members = fields.map((f, i) => {
    const { name, type: fieldType } = type.fields[i] ?? { name: `f${i + 1}`, type: { kind: 'text' } };
    return `${JSON.stringify(name === '' ? `f${i + 1}` : name)}:${toJson(fieldType, f, format)}`;
  });
  return `{${members.join(layout.pretty ? ',\n ' : ',')}}`;
}

/** The text of an object key: no NULL, no array, no record, no json. */
export function keyText(type: LogicalType, d: Datum, format: FormatSettings): string {
  if (type.kind === 'array' || type.kind === 'record' || type.kind === 'json' || type.kind === 'jsonb') {
    throw new DatabaseError('22023', 'key value must be scalar, not array, composite, or json');
  }
  if (type.kind === 'boolean') return d === true ? 'true' : 'false';
  return type.kind === 'timestamp' || type.kind === 'timestamptz' ? momentText(type, d, format) : formatText(type, d,
    format);
}
