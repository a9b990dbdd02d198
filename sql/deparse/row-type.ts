// Names of types in printed SQL: user-defined ones with their schema where they are not found without.
import { formatType, oidOf, quoteIdentifier } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Printer } from './printer.ts';

export function rowTypeName({ options }: Printer, type: LogicalType): string {
  if (type.kind !== 'record' && type.kind !== 'enum' && type.kind !== 'domain') return formatType(type);
  if (options.qualified && type.kind === 'record') {
    // The row of a relation that has another name by now.
    for (const r of options.catalog.relations()) {
      if ('rowType' in r && r.rowType === type.oid) return `${quoteIdentifier(r.schema)}.${quoteIdentifier(r.name)}`;
    }
  }
  return options.names?.names?.nameOf('regtype', oidOf(type)) ?? formatType(type);
}
