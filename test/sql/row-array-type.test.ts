// The type of arrays of a relation's rows: in catalogs of older versions its OID may be another's.
import { expect, test } from 'vitest';
import { ENGINE_FUNCTIONS } from '../../engine/function/registry.ts';
import { Catalog } from '../../sql/catalog/catalog.ts';
import { CatalogNames } from '../../sql/catalog/names.ts';
import { SYSTEM_RELATIONS } from '../../sql/catalog/system/index.ts';
import type { TableEntry, TypeEntry } from '../../sql/catalog/entry.ts';

const common = { schema: 'public', owner: 10, comment: null, acl: [] };
const table = (oid: number, name: string): TableEntry => ({
  ...common, kind: 'table', oid, name, columns: [], constraints: [], watermark: null, appendOnly: false, options: {}, rowType: oid + 1,
});
const mood: TypeEntry = { ...common, kind: 'type', oid: 20_002, name: 'mood', definition: { kind: 'enum', labels: ['a'] }, arrayType: 20_003 };

test('is there where nothing else has its OID', () => {
  const entries = [table(20_000, 'old'), mood, table(20_010, 'new')];
  const catalog = Catalog.initial(SYSTEM_RELATIONS).applyAll(entries.map((entry) => ({ kind: 'put', entry })));
  expect(entries.filter((e) => e.kind === 'table').map((e) => catalog.rowArrayType(e))).toEqual([0, 20_012]);
  const names = new CatalogNames(catalog, ['public'], ENGINE_FUNCTIONS);
  expect([20_001, 20_002, 20_011, 20_012].map((oid) => names.nameOf('regtype', oid))).toEqual(['old', 'mood', 'new', 'new[]']);
  expect(names.oidOf('regtype', '_new')).toBe(20_012);
  for (const text of ['_old', 'old[]']) expect(() => names.oidOf('regtype', text)).toThrow(`type "${text}" does not exist`);
});
