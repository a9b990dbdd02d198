// TPC-H data by the specification (3.0.1, clause 4.2.3), seeded: a table's row depends on its number alone.
//
// Format: rows are lines of COPY text. The random streams are our own, so the rows are not dbgen's, but their
// distributions, correlations and key patterns are the specification's.
import { Random } from '../../test/support/random.ts';
import type { TpchTable } from './schema.ts';
import {
  COLOURS, CONTAINERS, INSTRUCTIONS, MODES, NATIONS, PRIORITIES, REGIONS, SEGMENTS, TYPES, TextPool, randomString,
} from './text.ts';

/** An order and its lines, as COPY text. */
export interface OrderRows {
  readonly order: string;
  readonly lines: readonly string[];
}

const DAY = 86_400_000;
const START = Date.UTC(1992, 0, 1) / DAY;
/** The last order is 151 days before the end of 1998. */
const LAST_ORDER = Date.UTC(1998, 11, 31) / DAY - 151;
const CURRENT = Date.UTC(1995, 5, 17) / DAY;

const POOL_BYTES = 1 << 20;
/** Streams of random numbers, one a table. */
const STREAM: Readonly<Record<TpchTable, number>> = {
  region: 1, nation: 2, supplier: 3, customer: 4, part: 5, partsupp: 6, orders: 7, lineitem: 8,
};

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

export class TpchGenerator {
  readonly suppliers: number;
  readonly customers: number;
  readonly parts: number;
  /** Orders that are there before any refresh. */
  readonly orders: number;
  readonly #seed: number;
  readonly #pool: TextPool;
  readonly #clerks: number;
  readonly #scale: number;
  readonly #days = new Map<number, string>();

  /** `scale`: 1 is a gigabyte; at least 0.001. */
  constructor(scale: number, seed = 19_920_101) {
    this.#scale = scale;
    this.#seed = seed;
    this.suppliers = Math.round(scale * 10_000);
    this.customers = Math.round(scale * 150_000);
    this.parts = Math.round(scale * 200_000);
    this.orders = Math.round(scale * 1_500_000);
    this.#clerks = Math.max(1, Math.round(scale * 1000));
    this.#pool = new TextPool(new Random(seed), POOL_BYTES);
  }

  #random(table: TpchTable, row: number): Random {
    return new Random(Math.imul(this.#seed + STREAM[table], 0x9e3779b1) ^ Math.imul(row, 0x85ebca6b));
  }

  /** All rows of a table before any refresh. */
  * rows(table: TpchTable): Generator<string> {
    switch (table) {
      case 'region': for (let i = 0; i < REGIONS.length; i++) yield this.#region(i); return;
      case 'nation': for (let i = 0; i < NATIONS.length; i++) yield this.#nation(i); return;
      case 'supplier': for (let i = 1; i <= this.suppliers; i++) yield this.#supplier(i); return;
      case 'customer': for (let i = 1; i <= this.customers; i++) yield this.#customer(i); return;
      case 'part': for (let i = 1; i <= this.parts; i++) yield this.#part(i); return;
      case 'partsupp': for (let i = 1; i <= this.parts; i++) yield* this.#partSuppliers(i); return;
      case 'orders': for (let i = 0; i < this.orders; i++) yield this.order(i).order; return;
      case 'lineitem': for (let i = 0; i < this.orders; i++) yield* this.order(i).lines;
    }
  }

  #region(key: number): string {
    return [key, REGIONS[key], this.#pool.piece(this.#random('region', key), 31, 115)].join('\t');
  }

  #nation(key: number): string {
    const [name, region] = NATIONS[key];
    return [key, name, region, this.#pool.piece(this.#random('nation', key), 31, 114)].join('\t');
  }

  #supplier(key: number): string {
    const random = this.#random('supplier', key);
    const nation = random.int(0, 24);
    return [key, `Supplier#${padded(key, 9)}`, randomString(random, 10, 40), nation, phone(random, nation),
      money(random.int(-99_999, 999_999)), this.#supplierComment(random, key)].join('\t');
  }

  /** Five suppliers of 10,000 have complaints, five others are recommended. */
  #supplierComment(random: Random, key: number): string {
    const comment = this.#pool.piece(random, 25, 100);
    const share = Math.max(1, Math.floor(this.suppliers / Math.max(1, Math.round(5 * this.#scale))));
    const turn = key % share;
    if (turn !== 1 && turn !== 2) return comment;
    const said = `Customer ${comment.slice(0, 5)}${turn === 1 ? 'Complaints' : 'Recommends'}`;
    return said + comment.slice(said.length);
  }

  #customer(key: number): string {
    const random = this.#random('customer', key);
    const nation = random.int(0, 24);
    return [key, `Customer#${padded(key, 9)}`, randomString(random, 10, 40), nation, phone(random, nation),
      money(random.int(-99_999, 999_999)), random.pick(SEGMENTS), this.#pool.piece(random, 29, 116)].join('\t');
  }

  #part(key: number): string {
    const random = this.#random('part', key);
    const names = new Set<string>();
    while (names.size < 5) names.add(random.pick(COLOURS));
    const manufacturer = random.int(1, 5);
    return [key, [...names].join(' '), `Manufacturer#${manufacturer}`, `Brand#${manufacturer}${random.int(1, 5)}`,
      TYPES.map((syllables) => random.pick(syllables)).join(' '), random.int(1, 50),
      CONTAINERS.map((syllables) => random.pick(syllables)).join(' '), money(retailPrice(key)),
      this.#pool.piece(random, 5, 22)].join('\t');
  }

  * #partSuppliers(part: number): Generator<string> {
    const random = this.#random('partsupp', part);
    for (let i = 0; i < 4; i++) {
      yield [part, this.#supplierOf(part, i), random.int(1, 9999), money(random.int(100, 100_000)),
        this.#pool.piece(random, 49, 198)].join('\t');
    }
  }

  /** The i-th of a part's four suppliers. */
  #supplierOf(part: number, i: number): number {
    const s = this.suppliers;
    return (part + i * (Math.floor(s / 4) + Math.floor((part - 1) / s))) % s + 1;
  }

  /** Order number `index`, from 0; those from `orders` on are what refreshes insert. */
  order(index: number): OrderRows {
    const random = this.#random('orders', index);
    const key = this.orderKey(index);
    // A third of the customers never orders.
    let customer = random.int(1, this.customers);
    while (customer % 3 === 0) customer = random.int(1, this.customers);
    const day = random.int(START, LAST_ORDER);
    const priority = random.pick(PRIORITIES);
    const clerk = `Clerk#${padded(random.int(1, this.#clerks), 9)}`;
    const comment = this.#pool.piece(random, 19, 78);
    const made = Array.from({ length: random.int(1, 7) }, (_, i) => this.#line(random, { key, number: i + 1, day }));
    const total = made.reduce((sum, line) => sum + line.charged, 0);
    const shipped = made.filter((line) => line.shipped).length;
    const status = shipped === made.length ? 'F' : shipped === 0 ? 'O' : 'P';
    return {
      order: [key, customer, status, money(Math.round(total)), this.#date(day), priority, clerk, 0, comment].join('\t'),
      lines: made.map((line) => line.text),
    };
  }

  /** Sparse: eight of every 32 keys. Refreshes insert into the holes. */
  orderKey(index: number): number {
    const at = index % this.orders;
    return Math.floor(at / 8) * 32 + at % 8 + 8 * Math.floor(index / this.orders) + 1;
  }

  #line(
    random: Random, of: { readonly key: number; readonly number: number; readonly day: number },
  ): { readonly text: string; readonly charged: number; readonly shipped: boolean } {
    const part = random.int(1, this.parts);
    const supplier = this.#supplierOf(part, random.int(0, 3));
    const quantity = random.int(1, 50);
    const price = quantity * retailPrice(part);
    const discount = random.int(0, 10);
    const tax = random.int(0, 8);
    const ship = of.day + random.int(1, 121);
    const commit = of.day + random.int(30, 90);
    const receipt = ship + random.int(1, 30);
    const returned = receipt <= CURRENT ? random.pick(['R', 'A']) : 'N';
    const shipped = ship <= CURRENT;
    const text = [of.key, part, supplier, of.number, `${quantity}.00`, money(price), money(discount), money(tax), returned,
      shipped ? 'F' : 'O', this.#date(ship), this.#date(commit), this.#date(receipt), random.pick(INSTRUCTIONS),
      random.pick(MODES), this.#pool.piece(random, 10, 43)].join('\t');
    return { text, charged: price * (100 + tax) * (100 - discount) / 10_000, shipped };
  }

  /** Days since 1970 as ISO 8601. */
  #date(day: number): string {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const made = new Date(day * DAY).toISOString().slice(0, 10);
    this.#days.set(day, made);
    return made;
  }
}

/** Cents of a part, clause 4.2.3. */
function retailPrice(part: number): number {
  return 90_000 + Math.floor(part / 10) % 20_001 + 100 * (part % 1000);
}

function money(cents: number): string {
  const all = padded(Math.abs(cents), 3);
  return `${cents < 0 ? '-' : ''}${all.slice(0, -2)}.${all.slice(-2)}`;
}

function phone(random: Random, nation: number): string {
  return `${nation + 10}-${random.int(100, 999)}-${random.int(100, 999)}-${random.int(1000, 9999)}`;
}
