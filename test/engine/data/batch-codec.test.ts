// Batches read from bytes are no Buffers: what a function slices off a column is its own to change.
import { expect, test } from 'vitest';
import { batchFromRows } from '../../../engine/data/access.ts';
import { decodeDelta, encodeDelta } from '../../../engine/data/batch-codec.ts';
import { ByteReader, PieceWriter } from '../../../engine/data/bytes.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { TEXT } from '../../../engine/data/types.ts';

test('columns of a record that was read into a Buffer', () => {
  const out = new PieceWriter();
  encodeDelta(Delta.insert(batchFromRows({ columns: [{ name: 'a', type: TEXT }] }, [['ab'], ['c']])), out);
  const [column] = decodeDelta(new ByteReader(Buffer.concat(out.finish())), [TEXT]).batch.columns;
  if (column.layout !== 'bytes') throw new Error('a column of text');
  const copy = column.bytes.slice();
  copy.fill(0);
  expect(Buffer.from(column.bytes).toString()).toBe('abc');
});
