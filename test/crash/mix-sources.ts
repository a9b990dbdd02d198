// Sources under a crash: a file and the nexmark stream, of which every row must come exactly once, whatever is killed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { datumAt } from '../../engine/data/access.ts';
import { DEFAULT_NEXMARK, nexmarkBatch, nexmarkEventAfter } from '../../wire/connector/nexmark-generator.ts';
import type { SqlClient } from './server-process.ts';

const FILE_ROWS = 200_000;
/** Events a second. */
const RATE = 4000;

interface Sums {
  readonly rows: number;
  readonly price: bigint;
  readonly auction: bigint;
  readonly bidder: bigint;
}
const NONE: Sums = { rows: 0, price: 0n, auction: 0n, bidder: 0n };

export class MixSources {
  readonly #path: string;
  /** Of the first bids, as many as were there at the last check. */
  #sums: Sums = NONE;
  /** Rows that readers have seen: what was shown was durable. */
  #seen = new Map<string, number>();
  checked = 0;

  /** `folder`: where the file may be written. */
  constructor(folder: string) {
    this.#path = join(folder, 'ticks.csv');
    const lines = ['n,at,word'];
    // A row for each ms of event time, and so of time.
    for (let n = 0; n < FILE_ROWS; n++) {
      lines.push(`${n},${new Date(1_700_000_000_000 + n).toISOString()},word ${n % 97}`);
    }
    writeFileSync(this.#path, `${lines.join('\n')}\n`);
  }

  /** Sources that begin at their beginning. */
  async reset(client: SqlClient): Promise<void> {
    await client.run('DROP SOURCE IF EXISTS ticks CASCADE');
    await client.run('DROP SOURCE IF EXISTS bids CASCADE');
    this.#sums = NONE;
    this.#seen = new Map();
    await client.run('CREATE SOURCE ticks (n int8, at timestamptz, word text)'
      + ` WITH (connector = 'file', path = '${this.#path}', "replay.column" = 'at')`);
    await client.run('CREATE SOURCE bids (auction int8, bidder int8, price int8)'
      + ` WITH (connector = 'nexmark', rate = '${RATE}', start = 'epoch')`);
    await client.run('CREATE MATERIALIZED VIEW ticks_by_word AS SELECT word, count(*) AS n FROM ticks GROUP BY word');
    await client.run('CREATE MATERIALIZED VIEW bids_sum AS SELECT count(*) AS n, sum(price) AS price FROM bids');
  }

  /** Reads as a client would, while the load goes on. */
  async look(client: SqlClient): Promise<void> {
    const looks = [['ticks', 'SELECT sum(n) FROM ticks_by_word'], ['bids', 'SELECT n FROM bids_sum']];
    for (const [view, sql] of looks) {
      const rows = Number(await client.value(sql));
      if (rows > (this.#seen.get(view) ?? 0)) this.#seen.set(view, rows);
    }
  }

  /** How many of the sources have rows too many, too few or twice; or views that say something else. */
  async check(client: SqlClient, log: (message: string) => void): Promise<number> {
    // One statement, one epoch: the sources go on meanwhile.
    const [ticks] = await client.rows('SELECT count(*), count(DISTINCT n), coalesce(max(n), -1) + 1,'
      + " (SELECT coalesce(sum(n), 0) FROM ticks_by_word), count(*) FILTER (WHERE word <> 'word ' || n % 97) FROM ticks");
    const [bids] = await client.rows('SELECT count(*), coalesce(sum(price), 0), coalesce(sum(auction), 0),'
      + ' coalesce(sum(bidder), 0), (SELECT n FROM bids_sum), (SELECT coalesce(price, 0) FROM bids_sum) FROM bids');
    const [n, distinct, next, ofView, wrong] = ticks.map(Number);
    let failures = 0;
    if (n !== distinct || n !== next || n !== ofView || wrong !== 0 || n < (this.#seen.get('ticks') ?? 0)) {
      failures++;
      log(`the file's rows: ${ticks.join(', ')}; seen before ${this.#seen.get('ticks')}`);
    }
    const [rows, price, auction, bidder, viewRows, viewPrice] = bids;
    const sums = this.#sumsOf(Number(rows));
    const same = String(sums.price) === price && String(sums.auction) === auction && String(sums.bidder) === bidder
      && viewRows === rows && viewPrice === price && Number(rows) >= (this.#seen.get('bids') ?? 0);
    if (!same) {
      failures++;
      log(`nexmark's rows: ${bids.join(', ')}, not ${Object.values(sums).join(', ')}; seen before ${this.#seen.get('bids')}`);
    }
    this.checked++;
    return failures;
  }

  /** Of the stream's first bids. */
  #sumsOf(rows: number): Sums {
    // Rows lost show as fewer than before; then from the start.
    let { price, auction, bidder, rows: from } = rows < this.#sums.rows ? NONE : this.#sums;
    const options = { ...DEFAULT_NEXMARK, interval: Math.round(1e6 / RATE) };
    const batch = nexmarkBatch('bid', nexmarkEventAfter('bid', from), nexmarkEventAfter('bid', rows), options);
    for (let row = 0; row < batch.length; row++) {
      auction += BigInt(String(datumAt(batch.columns[0], row)));
      bidder += BigInt(String(datumAt(batch.columns[1], row)));
      price += BigInt(String(datumAt(batch.columns[2], row)));
    }
    from = rows;
    this.#sums = { rows, price, auction, bidder };
    return this.#sums;
  }
}
