// Order of rows of Pages by one column: what the heaps of min and max go by.
import { PAGE_MASK, PAGE_SHIFT } from '../../data/cells.ts';
import type { CellColumn, Cells } from '../../data/cells.ts';
import { layoutOf, orderFlip } from '../../data/types.ts';
import type { Pages } from '../../state/pages.ts';
import { byteOrder, floatGreater } from './append-extreme.ts';

/** Negative when row a comes first, 0 only for the same value in the same representation. */
export type EntryOrder = (a: number, b: number) => number;

/** Ascending by values, none NULL: PostgreSQL's order, then the representation (1.0 before 1.00, −0 before 0). */
export function valueOrder(pages: Pages, column: number): EntryOrder {
  const cells = pages.cells(column);
  const { type } = pages.schema.columns[column];
  const of = (id: number): Cells => cells.chunks[id >> PAGE_SHIFT];
  switch (layoutIn(pages, column)) {
    case 'bool': return (a, b) => of(a).u8[a & PAGE_MASK] - of(b).u8[b & PAGE_MASK];
    case 'int16': return (a, b) => of(a).i16[a & PAGE_MASK] - of(b).i16[b & PAGE_MASK];
    case 'int32': return (a, b) => of(a).i32[a & PAGE_MASK] - of(b).i32[b & PAGE_MASK];
    case 'int64': return int64Order(cells, orderFlip(type));
    case 'float32': return (a, b) => floatOrder(of(a).f32[a & PAGE_MASK], of(b).f32[b & PAGE_MASK]);
    case 'float64': return (a, b) => floatOrder(of(a).f64[a & PAGE_MASK], of(b).f64[b & PAGE_MASK]);
    case 'fixed16': {
      const order = byteOrder(type);
      return (a, b) => order(fixedAt(of(a), a & PAGE_MASK), fixedAt(of(b), b & PAGE_MASK));
    }
    case 'bytes': {
      const order = byteOrder(type);
      return (a, b) => order(bytesAt(of(a), a & PAGE_MASK), bytesAt(of(b), b & PAGE_MASK));
    }
  }
}

function layoutIn(pages: Pages, column: number): Cells['layout'] {
  return layoutOf(pages.schema.columns[column].type);
}

function int64Order(cells: CellColumn, flip: number): EntryOrder {
  return (a, b) => {
    const x = cells.chunks[a >> PAGE_SHIFT].i32;
    const y = cells.chunks[b >> PAGE_SHIFT].i32;
    const i = 2 * (a & PAGE_MASK);
    const j = 2 * (b & PAGE_MASK);
    return x[i + 1] === y[j + 1] ? (x[i] >>> 0) - (y[j] >>> 0) : (x[i + 1] ^ flip) - (y[j + 1] ^ flip);
  };
}

function floatOrder(a: number, b: number): number {
  return floatGreater(a, b) ? 1 : floatGreater(b, a) ? -1 : 0;
}

function fixedAt(cells: Cells, row: number): Uint8Array {
  return cells.u8.subarray(16 * row, 16 * row + 16);
}

function bytesAt(cells: Cells, row: number): Uint8Array {
  return cells.u8.subarray(cells.starts[row], cells.ends[row]);
}
