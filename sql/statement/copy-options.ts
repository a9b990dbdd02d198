// COPY's options, with PostgreSQL's defaults, checks and messages (manual, COPY).
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { encodingNamed } from '../../engine/function/scalar/character-set.ts';
import type { Copy } from '../parser/ast-statement.ts';
import type { Option } from '../parser/ast.ts';
import type { CopyFormat } from '../session-api.ts';
import { optionFlag, optionNames, optionText } from './options.ts';

interface Draft {
  format: CopyFormat['format'];
  delimiter: string | null;
  nullText: string | null;
  header: CopyFormat['header'];
  quote: string | null;
  escape: string | null;
  forceQuote: CopyFormat['forceQuote'];
  forceNotNull: readonly number[];
  forceNull: readonly number[];
}

/** Columns by name, for the FORCE options; `known`: those of the relation, which need not be copied. */
interface ForceColumns {
  readonly copied: readonly string[];
  readonly known: { readonly relation: string; readonly names: readonly string[] } | null;
}

export function copyFormat(statement: Copy, columns: ForceColumns): CopyFormat {
  const draft: Draft = {
    format: 'text', delimiter: null, nullText: null, header: false, quote: null, escape: null, forceQuote: [],
    forceNotNull: [], forceNull: [],
  };
  const seen = new Set<string>();
  for (const option of statement.options) {
    if (seen.has(option.name)) {
      throw new DatabaseError('42601', 'conflicting or redundant options', { position: option.position });
    }
    seen.add(option.name);
    applyOption(draft, option, columns, statement.direction);
  }
  return checked(draft, statement.direction);
}

function applyOption(draft: Draft, option: Option, columns: ForceColumns, direction: 'in' | 'out'): void {
  switch (option.name) {
    case 'format': {
      const name = optionText(option).toLowerCase();
      if (name !== 'text' && name !== 'csv' && name !== 'binary' && name !== 'arrow') {
        throw new DatabaseError('22023', `COPY format "${optionText(option)}" not recognized`,
          { position: option.position });
      }
      draft.format = name;
      return;
    }
    case 'delimiter': draft.delimiter = optionText(option); return;
    case 'null': draft.nullText = optionText(option); return;
    case 'header': draft.header = header(option, direction); return;
    case 'quote': draft.quote = optionText(option); return;
    case 'escape': draft.escape = optionText(option); return;
    case 'force_quote': draft.forceQuote = option.value?.kind === 'star' ? 'all' : places(option, columns); return;
    case 'force_not_null': draft.forceNotNull = places(option, columns); return;
    case 'force_null': draft.forceNull = places(option, columns); return;
    case 'freeze': optionFlag(option); return;
    case 'encoding':
      checkEncoding(option);
      return;
    default:
      throw new DatabaseError('42601', `option "${option.name}" not recognized`, { position: option.position });
  }
}

/** SQL_ASCII: bytes as they are, which then must be UTF-8. */
function checkEncoding(option: Option): void {
  const encoding = encodingNamed(optionText(option));
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return;
  const { position } = option;
  if (encoding !== null) throw notSupported(`COPY in encoding ${encoding}`, { position });
  throw new DatabaseError('22023', 'argument to option "encoding" must be a valid encoding name', { position });
}

function header(option: Option, direction: 'in' | 'out'): CopyFormat['header'] {
  if (option.value !== undefined && optionText(option).toLowerCase() === 'match') {
    if (direction === 'in') return 'match';
    throw new DatabaseError('0A000', 'cannot use "match" with HEADER in COPY TO');
  }
  try {
    return optionFlag(option);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42601') throw error;
    throw new DatabaseError('42601', 'header requires a Boolean value or "match"');
  }
}

function places(option: Option, { copied, known }: ForceColumns): readonly number[] {
  return optionNames(option).map((name) => {
    const at = copied.indexOf(name);
    if (at >= 0) return at;
    const relation = known === null ? '' : ` of relation "${known.relation}"`;
    if (known?.names.includes(name) !== true) throw new DatabaseError('42703', `column "${name}"${relation} does not exist`);
    throw new DatabaseError('42P10', `${option.name.toUpperCase()} column "${name}" not referenced by COPY`);
  });
}

function checked(draft: Draft, direction: 'in' | 'out'): CopyFormat {
  const { format } = draft;
  const csv = format === 'csv';
  if (format === 'binary' || format === 'arrow') {
    const mode = `in ${format.toUpperCase()} mode`;
    if (draft.delimiter !== null) throw new DatabaseError('42601', `cannot specify DELIMITER ${mode}`);
    if (draft.nullText !== null) throw new DatabaseError('42601', `cannot specify NULL ${mode}`);
    if (draft.header !== false) throw new DatabaseError('0A000', `cannot specify HEADER ${mode}`);
  }
  const delimiter = draft.delimiter ?? (csv ? ',' : '\t');
  if (Buffer.byteLength(delimiter) !== 1) {
    throw new DatabaseError('0A000', 'COPY delimiter must be a single one-byte character');
  }
  if (delimiter === '\r' || delimiter === '\n') {
    throw new DatabaseError('22023', 'COPY delimiter cannot be newline or carriage return');
  }
  if (!csv && /[\\.a-z0-9]/.test(delimiter)) {
    throw new DatabaseError('22023', `COPY delimiter cannot be "${delimiter}"`);
  }
  const nullText = draft.nullText ?? (csv ? '' : '\\N');
  if (/[\r\n]/.test(nullText)) {
    throw new DatabaseError('22023', 'COPY null representation cannot use newline or carriage return');
  }
  if (nullText.includes(delimiter)) {
    throw new DatabaseError('22023', 'COPY delimiter must not appear in the NULL specification');
  }
  checkCsv(draft, { csv, delimiter, nullText, direction });
  const quote = draft.quote ?? '"';
  return {
    format, delimiter, nullText, header: draft.header, quote, escape: draft.escape ?? quote,
      forceQuote: draft.forceQuote,
    forceNotNull: draft.forceNotNull, forceNull: draft.forceNull,
  };
}

function checkCsv(
  draft: Draft,
  of: {
    readonly csv: boolean; readonly delimiter: string; readonly nullText: string; readonly direction: 'in' | 'out';
  },
): void {
  const { csv, delimiter, nullText, direction } = of;
  const onlyCsv = (given: boolean, name: string): void => {
    if (given && !csv) throw new DatabaseError('0A000', `COPY ${name} available only in CSV mode`);
  };
  onlyCsv(draft.quote !== null, 'quote');
  onlyCsv(draft.escape !== null, 'escape');
  onlyCsv(draft.forceQuote === 'all' || draft.forceQuote.length > 0, 'force quote');
  onlyCsv(draft.forceNotNull.length > 0, 'force not null');
  onlyCsv(draft.forceNull.length > 0, 'force null');
  if (!csv) return;
  const quote = draft.quote ?? '"';
  if (Buffer.byteLength(quote) !== 1) throw new DatabaseError('0A000',
    'COPY quote must be a single one-byte character');
  if (Buffer.byteLength(draft.escape ?? quote) !== 1) {
    throw new DatabaseError('0A000', 'COPY escape must be a single one-byte character');
  }
  if (delimiter === quote) throw new DatabaseError('22023', 'COPY delimiter and quote must be different');
  if (nullText.includes(quote)) throw new DatabaseError('22023',
    'CSV quote character must not appear in the NULL specification');
  const forces = draft.forceNotNull.length > 0 ? 'force not null' : draft.forceNull.length > 0 ? 'force null' : null;
  if (forces !== null && direction === 'out') throw new DatabaseError('0A000',
    `COPY ${forces} only available using COPY FROM`);
  if ((draft.forceQuote === 'all' || draft.forceQuote.length > 0) && direction === 'in') {
    throw new DatabaseError('0A000', 'COPY force quote only available using COPY TO');
  }
}
