// The Nexmark auction stream (person, auction, bid in 1:3:46) as a pure function of a seed and an event number.
//
// Event n always is the same event, so a reader goes on exactly where it stopped and each kind can be read alone.
// After "NEXMark: A Benchmark for Queries over Data Streams" (Tucker, Tufte, Papadimos, Maier, 2002), with the column
// set, the proportions and the hot keys that today's engines use; the names of columns are those of RisingWave.
import { Batch } from '../../engine/data/batch.ts';
import { BytesColumn, Int64Column } from '../../engine/data/column-builder.ts';
import { INT8, TIMESTAMP, VARCHAR } from '../../engine/data/types.ts';
import type { Column, LogicalType, Schema } from '../../engine/data/types.ts';

export type NexmarkKind = 'person' | 'auction' | 'bid';

export interface NexmarkOptions {
  readonly seed: number;
  /** Event time of event 0, µs since 1970 UTC. Requires: below 2^53. */
  readonly start: number;
  /** Microseconds of event time between events. */
  readonly interval: number;
  /** Bids go to one of so many of the latest auctions .. */
  readonly activeAuctions: number;
  /** .. or, in so many out of hundred cases, to the hot one. */
  readonly hotPercent: number;
}

export const DEFAULT_NEXMARK: NexmarkOptions = {
  seed: 1, start: 1_700_000_000_000_000, interval: 100, activeAuctions: 100, hotPercent: 50,
};

const schema = (...columns: readonly (readonly [string, LogicalType])[]): Schema =>
  ({ columns: columns.map(([name, type]): Column => ({ name, type })) });

export const NEXMARK_SCHEMAS: Readonly<Record<NexmarkKind, Schema>> = {
  person: schema(['id', INT8], ['name', VARCHAR], ['email_address', VARCHAR], ['credit_card', VARCHAR],
    ['city', VARCHAR], ['state', VARCHAR], ['date_time', TIMESTAMP], ['extra', VARCHAR]),
  auction: schema(['id', INT8], ['item_name', VARCHAR], ['description', VARCHAR], ['initial_bid', INT8],
    ['reserve', INT8], ['date_time', TIMESTAMP], ['expires', TIMESTAMP], ['seller', INT8], ['category', INT8],
    ['extra', VARCHAR]),
  bid: schema(['auction', INT8], ['bidder', INT8], ['price', INT8], ['channel', VARCHAR], ['url', VARCHAR],
    ['date_time', TIMESTAMP], ['extra', VARCHAR]),
};

/** Events come in rounds of a person, three auctions, and bids. */
const ROUND = 50;
const PERSONS = 1;
const AUCTIONS = 3;
const FIRST_PERSON = 1000;
const FIRST_AUCTION = 1000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;
const ACTIVE_PERSONS = 1000;
const HOT_STEP = 100;
const CHANNELS = 10_000;

/** The kind of event n. */
export function nexmarkKind(event: number): NexmarkKind {
  const at = event % ROUND;
  return at < PERSONS ? 'person' : at < PERSONS + AUCTIONS ? 'auction' : 'bid';
}

/** xorshift32, seeded anew for each event. */
class EventRandom {
  #state = 1;
  start(seed: number, event: number): void {
    let h = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(event | 0, 0x85ebca6b)
      ^ Math.imul(Math.floor(event / 4294967296), 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    this.#state = (h ^ (h >>> 15)) || 1;
  }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
  /** 0 .. limit − 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 4294967296) * limit);
  }
}

const encoder = new TextEncoder();
const encode = (texts: readonly string[]): readonly Uint8Array[] => texts.map((t) => encoder.encode(t));

/**
 * Texts one behind the other, made when they are first asked for. Why: with an array each, every server's collector would
 * look at thousands of objects that are there for those who read this stream.
 */
class Texts {
  readonly #count: number;
  readonly #text: (i: number) => string;
  #made: { readonly bytes: Uint8Array; readonly starts: Int32Array } | null = null;

  constructor(count: number, text: (i: number) => string) {
    this.#count = count;
    this.#text = text;
  }

  append(column: BytesColumn, i: number): void {
    const { bytes, starts } = (this.#made ??= this.#make());
    column.pushBytes(bytes, starts[i], starts[i + 1]);
  }

  #make(): { readonly bytes: Uint8Array; readonly starts: Int32Array } {
    const parts = Array.from({ length: this.#count }, (_, i) => this.#text(i));
    const starts = new Int32Array(parts.length + 1);
    // ASCII: a character is a byte.
    for (let i = 0; i < parts.length; i++) starts[i + 1] = starts[i] + parts[i].length;
    return { bytes: encoder.encode(parts.join('')), starts };
  }
}

const HOT_CHANNELS = encode(['Google', 'Facebook', 'Baidu', 'Apple']);
const CHANNEL = new Texts(CHANNELS, (i) => `channel-${i}`);
const HOT_URLS = encode(['google', 'facebook', 'baidu', 'apple'].map((name, i) =>
  `https://www.nexmark.com/${name}/${'abcdefgh'.slice(i)}/item.htm?query=1`));
const URL_HEAD = 'https://www.nexmark.com/';
const URL_TAIL = '/item.htm?query=1&channel_id=';
const URL = new Texts(CHANNELS, (i) => {
  const letters = (n: number): string => String.fromCharCode(...[26, 23, 19, 17].map((size) => 97 + (n % size)));
  return `${URL_HEAD}${letters(i)}/${letters(i * 7)}/${letters(i * 31)}${URL_TAIL}${Math.imul(i, 0x9e3779b1) >>> 1}`;
});
const FIRST_NAMES = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
const LAST_NAMES = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
const CITIES = encode(['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle',
  'Kent', 'Cheyenne']);
const STATES = encode(['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']);
const PEOPLE = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first} ${last}`));
const NAMES = encode(PEOPLE);
const LOCAL_PARTS = PEOPLE.map((name) => name.toLowerCase().replace(' ', '.'));

/** Lower-case letters for free text, cut out at random places. */
const LETTERS = ((): Uint8Array => {
  const random = new EventRandom();
  random.start(42, 42);
  return Uint8Array.from({ length: 4096 }, () => 97 + random.below(26));
})();

function whole(column: BytesColumn, text: Uint8Array): void {
  column.pushBytes(text, 0, text.length);
}

/** Free text of `least` .. `most` letters. */
function letters(column: BytesColumn, random: EventRandom, least: number, most: number): void {
  const length = least + random.below(most - least + 1);
  const from = random.below(LETTERS.length - length);
  column.pushBytes(LETTERS, from, from + length);
}

/** Log-uniform from 1.00 to 10,000,000.00, in cents. */
function price(random: EventRandom): number {
  return Math.round(10 ** ((random.next() / 4294967296) * 6) * 100);
}

interface Event {
  readonly options: NexmarkOptions;
  readonly random: EventRandom;
  readonly time: number;
  /** Rounds that are over, and the place in this one. */
  readonly round: number;
  readonly at: number;
}

const int8 = (length: number): Int64Column => new Int64Column(INT8, length);
const time = (length: number): Int64Column => new Int64Column(TIMESTAMP, length);
const text = (length: number): BytesColumn => new BytesColumn(VARCHAR, length);

/** Rows of one kind, being built. */
interface Rows {
  push(event: Event): void;
  finish(): Batch;
}

function lastAuction(event: Event): number {
  const inRound = Math.min(Math.max(event.at - PERSONS + 1, 0), AUCTIONS);
  return Math.max(event.round * AUCTIONS + inRound - 1, 0);
}

function somePerson(event: Event): number {
  const newest = event.round;
  const back = event.random.below(Math.min(newest + 1, ACTIVE_PERSONS));
  return FIRST_PERSON + newest - back;
}

class BidRows implements Rows {
  readonly #length: number;
  readonly #columns;
  constructor(length: number) {
    this.#length = length;
    this.#columns = {
      auction: int8(length), bidder: int8(length), price: int8(length), channel: text(length), url: text(length),
      time: time(length), extra: text(length),
    };
  }

  push(event: Event): void {
    const c = this.#columns;
    const { random, options } = event;
    const newest = lastAuction(event);
    const hot = random.below(100) < options.hotPercent;
    const auction = hot ? Math.floor(newest / HOT_STEP) * HOT_STEP
      : newest - random.below(Math.min(newest + 1, options.activeAuctions));
    c.auction.pushNumber(FIRST_AUCTION + auction);
    const hotBidder = random.below(100) < 75;
    c.bidder.pushNumber(hotBidder ? FIRST_PERSON + Math.floor(event.round / HOT_STEP) * HOT_STEP : somePerson(event));
    c.price.pushNumber(price(random));
    if (random.below(2) === 0) {
      const i = random.below(HOT_CHANNELS.length);
      whole(c.channel, HOT_CHANNELS[i]);
      whole(c.url, HOT_URLS[i]);
    } else {
      const i = random.below(CHANNELS);
      CHANNEL.append(c.channel, i);
      URL.append(c.url, i);
    }
    c.time.pushNumber(event.time);
    letters(c.extra, random, 8, 40);
  }

  finish(): Batch {
    const c = this.#columns;
    const columns = [c.auction, c.bidder, c.price, c.channel, c.url, c.time, c.extra];
    return new Batch(columns.map((column) => column.finish()), this.#length);
  }
}

class AuctionRows implements Rows {
  readonly #length: number;
  readonly #columns;
  constructor(length: number) {
    this.#length = length;
    this.#columns = {
      id: int8(length), name: text(length), description: text(length), initial: int8(length), reserve: int8(length),
      time: time(length), expires: time(length), seller: int8(length), category: int8(length), extra: text(length),
    };
  }

  push(event: Event): void {
    const c = this.#columns;
    const { random } = event;
    c.id.pushNumber(FIRST_AUCTION + lastAuction(event));
    letters(c.name, random, 5, 20);
    letters(c.description, random, 20, 100);
    const initial = price(random);
    c.initial.pushNumber(initial);
    c.reserve.pushNumber(initial + price(random));
    c.time.pushNumber(event.time);
    // Open long enough for a hundred auctions more to begin, give or take.
    c.expires.pushNumber(event.time + event.options.interval * ROUND * (10 + random.below(60)));
    c.seller.pushNumber(somePerson(event));
    c.category.pushNumber(FIRST_CATEGORY + random.below(CATEGORIES));
    letters(c.extra, random, 50, 100);
  }

  finish(): Batch {
    const c = this.#columns;
    const columns = [
      c.id, c.name, c.description, c.initial, c.reserve, c.time, c.expires, c.seller, c.category, c.extra,
    ];
    return new Batch(columns.map((column) => column.finish()), this.#length);
  }
}

class PersonRows implements Rows {
  readonly #length: number;
  readonly #columns;
  constructor(length: number) {
    this.#length = length;
    this.#columns = {
      id: int8(length), name: text(length), email: text(length), card: text(length), city: text(length),
      state: text(length), time: time(length), extra: text(length),
    };
  }

  push(event: Event): void {
    const c = this.#columns;
    const { random } = event;
    c.id.pushNumber(FIRST_PERSON + event.round);
    const person = random.below(PEOPLE.length);
    whole(c.name, NAMES[person]);
    c.email.pushText(`${LOCAL_PARTS[person]}${event.round % 1000}@example.com`);
    c.card.pushText(Array.from({ length: 4 }, () => String(random.below(10_000)).padStart(4, '0')).join(' '));
    whole(c.city, CITIES[random.below(CITIES.length)]);
    whole(c.state, STATES[random.below(STATES.length)]);
    c.time.pushNumber(event.time);
    letters(c.extra, random, 50, 100);
  }

  finish(): Batch {
    const c = this.#columns;
    const columns = [c.id, c.name, c.email, c.card, c.city, c.state, c.time, c.extra];
    return new Batch(columns.map((column) => column.finish()), this.#length);
  }
}

function rowsOf(kind: NexmarkKind, length: number): Rows {
  switch (kind) {
    case 'person': return new PersonRows(length);
    case 'auction': return new AuctionRows(length);
    case 'bid': return new BidRows(length);
  }
}

/** How many of events from .. to − 1 are of a kind. */
export function nexmarkCount(kind: NexmarkKind, from: number, to: number): number {
  return countBelow(kind, to) - countBelow(kind, from);
}

function countBelow(kind: NexmarkKind, event: number): number {
  const at = event % ROUND;
  const rounds = Math.floor(event / ROUND);
  switch (kind) {
    case 'person': return rounds * PERSONS + Math.min(at, PERSONS);
    case 'auction': return rounds * AUCTIONS + Math.min(Math.max(at - PERSONS, 0), AUCTIONS);
    case 'bid': return rounds * (ROUND - PERSONS - AUCTIONS) + Math.max(at - PERSONS - AUCTIONS, 0);
  }
}

/** The first event number at which `count` events of a kind are over. */
export function nexmarkEventAfter(kind: NexmarkKind, count: number): number {
  const perRound = nexmarkCount(kind, 0, ROUND);
  const first = kind === 'person' ? 0 : kind === 'auction' ? PERSONS : PERSONS + AUCTIONS;
  if (count === 0) return 0;
  return Math.floor((count - 1) / perRound) * ROUND + first + ((count - 1) % perRound) + 1;
}

/** The rows of one kind among events from .. to − 1, in order. Requires: event times stay below 2^53 µs. */
export function nexmarkBatch(kind: NexmarkKind, from: number, to: number, options: NexmarkOptions): Batch {
  const rows = rowsOf(kind, nexmarkCount(kind, from, to));
  const random = new EventRandom();
  for (let event = from; event < to; event++) {
    if (nexmarkKind(event) !== kind) continue;
    random.start(options.seed, event);
    const round = Math.floor(event / ROUND);
    rows.push({ options, random, time: options.start + event * options.interval, round, at: event - round * ROUND });
  }
  return rows.finish();
}
