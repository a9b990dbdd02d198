// Columns of pages: what is written is what is read, in whatever order rows are written, freed and written again.
import { expect, it } from 'vitest';
import { datumAt, vectorFromDatums } from '../../../engine/data/access.ts';
import { cellsOf } from '../../../engine/data/cells.ts';
import { TEXT } from '../../../engine/data/types.ts';
import { PageColumn } from '../../../engine/state/page-column.ts';

it('keeps the offsets of bytes ascending when a run is written over some of the empty rows at the end', () => {
  const column = PageColumn.create(TEXT, 1024);
  const texts = Array.from({ length: 64 }, (_, i) => `row ${i}`);
  column.writeRun(0, cellsOf(vectorFromDatums(TEXT, texts)), 0, 64);
  for (let row = 32; row < 64; row++) column.clearBytes(row);
  column.compact(64);
  column.writeRun(32, cellsOf(vectorFromDatums(TEXT, texts)), 0, 16);
  const vector = column.vector(64);
  if (vector.layout !== 'bytes') throw new Error('text is bytes');
  for (let row = 0; row < 64; row++) {
    expect(vector.offsets[row + 1], `row ${row}`).toBeGreaterThanOrEqual(vector.offsets[row]);
    expect(datumAt(vector, row)).toBe(row < 32 ? texts[row] : row < 48 ? texts[row - 32] : '');
  }
});
