// The benchmark's refresh functions (TPC-H 3.0.1, clause 2.5) as a stream: new orders come, old ones go, in batches.
import { Random } from '../../test/support/random.ts';
import type { OrderRows, TpchGenerator } from './generator.ts';

export interface RefreshBatch {
  readonly kind: 'insert' | 'delete';
  readonly orders: readonly OrderRows[];
  /** Of both tables. */
  readonly rows: number;
}

/** Inserts and deletes by turns, each of about `rows` rows; an order comes or goes with all its lines. */
export class RefreshStream {
  readonly #generator: TpchGenerator;
  readonly #random: Random;
  readonly #rows: number;
  /** Orders that are there, by number. */
  readonly #present: number[];
  #next: number;
  #turn = 0;

  constructor(generator: TpchGenerator, rows: number, seed = 1) {
    this.#generator = generator;
    this.#random = new Random(seed);
    this.#rows = rows;
    this.#present = Array.from({ length: generator.orders }, (_, i) => i);
    this.#next = generator.orders;
  }

  next(): RefreshBatch {
    const kind = this.#turn++ % 2 === 0 ? 'insert' : 'delete';
    const orders: OrderRows[] = [];
    let rows = 0;
    while (rows < this.#rows) {
      const found = this.#generator.order(kind === 'insert' ? this.#arrive() : this.#leave());
      orders.push(found);
      rows += 1 + found.lines.length;
    }
    return { kind, orders, rows };
  }

  #arrive(): number {
    this.#present.push(this.#next);
    return this.#next++;
  }

  #leave(): number {
    const at = this.#random.int(0, this.#present.length - 1);
    const gone = this.#present[at];
    this.#present[at] = this.#present[this.#present.length - 1];
    this.#present.pop();
    return gone;
  }
}
