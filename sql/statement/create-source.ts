// CREATE SOURCE: a relation whose rows a connector brings.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { SourceConnector } from '../../engine/runtime/connector.ts';
import type { SourceEntry } from '../catalog/entry.ts';
import { liveColumns, plainColumn } from '../catalog/entry.ts';
import type { CreateSource } from '../parser/ast-definition.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import type { TableContext } from './column-definition.ts';
import { defineParts } from './create-table.ts';
import type { DefinedTable } from './create-table.ts';
import { TakenNames, allocateRowType, nameIsFree, qualified, targetSchema } from './naming.ts';
import { optionRecord, optionText } from './options.ts';
import { connectorOptions } from '../retention.ts';
import { watermarkEntry } from './watermark-definition.ts';

export function createSource(statement: CreateSource, text: string): BoundStatement {
  return command(async (state) => {
    if (statement.badRowsTo !== undefined) throw notSupported('BAD ROWS TO');
    await state.current.lockCatalog(state.lockWait);
    const { relation } = statement;
    const schema = targetSchema(state, qualified(relation), relation.position);
    if (!nameIsFree(state, schema, relation.name, statement.ifNotExists)) return done('CREATE SOURCE');
    const connector = requireConnector(state, statement);
    const options = optionRecord(statement.options);
    const names = new TakenNames(state.catalog, schema);
    names.add(relation.name);
    const context: TableContext = {
      state, text, schema, table: relation.name, tableOid: state.services.allocateOid(), names,
    };
    const parts = sourceParts(context, statement, connector);
    const entry: SourceEntry = {
      kind: 'source', oid: context.tableOid, schema, name: relation.name, owner: state.role.oid, comment: null, acl: [],
      columns: parts.columns, constraints: [],
      watermark: statement.watermark === undefined ? null : watermarkEntry(context, parts.columns, statement.watermark),
      connector: connector.name, options, format: formatOf(statement), rowType: allocateRowType(state),
    };
    // Bad options and schemas are the statement's error, not the log's.
    connector.open({
      options: connectorOptions(options), offset: null,
      schema: { columns: liveColumns(entry.columns).map((c) => ({ name: c.name, type: c.type })) },
    });
    state.current.changeCatalog([{ kind: 'put', entry }]);
    return done('CREATE SOURCE');
  });
}

function requireConnector(state: SessionState, statement: CreateSource): SourceConnector {
  const option = statement.options.find((o) => o.name === 'connector');
  if (option === undefined) {
    throw new DatabaseError('42601', 'CREATE SOURCE needs a connector', {
      hint: "Say WITH (connector = '..').", position: statement.position,
    });
  }
  const name = optionText(option);
  const found = state.services.connectors.find((c) => c.name === name);
  if (found !== undefined) return found;
  const known = state.services.connectors.map((c) => c.name).join(', ');
  throw new DatabaseError('22023', `connector "${name}" does not exist`, {
    position: option.position, hint: known === '' ? 'This server has no connectors.'
      : `Available connectors: ${known}.`,
  });
}

function sourceParts(context: TableContext, statement: CreateSource, connector: SourceConnector): DefinedTable {
  if (statement.columns.length > 0) {
    const parts = defineParts(context, statement);
    if (parts.constraints.length > 0) throw notSupported('a constraint on a source');
    if (parts.sequences.length > 0 || parts.columns.some((c) => c.generated)) {
      throw notSupported('a generated column in a source');
    }
    return parts;
  }
  const schema = connector.defaultSchema(connectorOptions(optionRecord(statement.options)));
  if (schema === null) {
    throw new DatabaseError('42601', `connector "${connector.name}" needs columns`, { position: statement.position });
  }
  const columns = schema.columns.map((c, i) => plainColumn(c.name, i + 1, c.type));
  return { columns, constraints: [], sequences: [], indexes: [], likes: [] };
}

function formatOf(statement: CreateSource): SourceEntry['format'] {
  const { format } = statement;
  if (format === undefined) return null;
  return {
    format: format.format, encode: format.encode,
    options: { ...optionRecord(format.formatOptions), ...optionRecord(format.encodeOptions) },
  };
}
