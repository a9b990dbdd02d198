// Values follow the labels of their type; catalogs of older versions tell one change, not a list.
import { expect, test } from 'vitest';
import { labelChanges, relabelled } from '../../sql/row-fill.ts';

const mood = { kind: 'enum', oid: 20_000, name: 'mood', labels: ['a', 'b', 'c'] } as const;
const renamed = (from: string, to: string) => ({ oid: mood.oid, renamed: { from, to } });

test('one change, as it was written before there could be several', () => {
  const changes = labelChanges(renamed('a', 'x'));
  expect(['a', 'b', null].map((label) => relabelled(mood, label, changes))).toEqual(['x', 'b', null]);
  expect(labelChanges({ oid: mood.oid, renamed: null })).toHaveLength(1);
});

test('one change after the other', () => {
  const changes = labelChanges([renamed('a', 't'), renamed('b', 'a'), renamed('t', 'b')]);
  expect(['a', 'b', 'c'].map((label) => relabelled(mood, label, changes))).toEqual(['b', 'a', 'c']);
});
