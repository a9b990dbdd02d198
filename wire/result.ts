// Rows of a batch → DataRow messages, column formats chosen once a batch.
import type { Batch } from '../engine/data/batch.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { isValid } from '../engine/data/vector.ts';
import { binaryWriter, textWriter } from './cell-writer.ts';
import type { TextSettings } from './cell-writer.ts';
import type { Page } from './page.ts';

const DATA_ROW = 'D'.charCodeAt(0);

export interface EncodedColumn {
  readonly type: LogicalType;
  readonly binary: boolean;
}

export class RowEncoder {
  readonly #columns: readonly EncodedColumn[];

  constructor(columns: readonly EncodedColumn[]) {
    this.#columns = columns;
  }

  /**
   * Encodes rows from `from` until the page holds `untilBytes` or the batch ends; returns the next row.
   * Hot: bench wire/rows.
   */
  encode(page: Page, batch: Batch, how: {
    readonly from: number; readonly untilBytes: number; readonly settings: TextSettings;
  }): number {
    const writers = this.#columns.map(({ type, binary }, c) => (binary
      ? binaryWriter(batch.columns[c], type) : textWriter(batch.columns[c], type, how.settings)));
    const validities = this.#columns.map((_, c) => batch.columns[c].validity);
    const count = writers.length;
    let row = how.from;
    for (; row < batch.length && page.at < how.untilBytes; row++) {
      page.int8(DATA_ROW);
      const messageAt = page.at;
      page.int32(0);
      page.int16(count);
      for (let c = 0; c < count; c++) {
        if (!isValid(validities[c], row)) {
          page.int32(-1);
          continue;
        }
        const lengthAt = page.at;
        page.int32(0);
        writers[c](page, row);
        page.patchInt32(lengthAt, page.at - lengthAt - 4);
      }
      page.patchInt32(messageAt, page.at - messageAt);
    }
    return row;
  }
}
