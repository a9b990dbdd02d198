// The Nexmark queries as the Nexmark repository has them for Flink SQL, and what they mean in PostgreSQL's words.

export interface NexmarkQuery {
  readonly name: string;
  readonly flink: string;
  /** Absent: the Flink text without its backticks. */
  readonly postgres?: string;
  /** Where two columns have one name: those of a view. */
  readonly columns?: string;
}

/** The tables under the names that their Flink definitions come to here. */
export const NEXMARK_FLINK_TABLES = {
  person: 'CREATE TABLE person (id BIGINT, name VARCHAR, emailAddress VARCHAR, creditCard VARCHAR, city VARCHAR, '
    + "state VARCHAR, `dateTime` TIMESTAMP(3), extra VARCHAR, WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)",
  auction: 'CREATE TABLE auction (id BIGINT, itemName VARCHAR, description VARCHAR, initialBid BIGINT, reserve BIGINT, '
    + '`dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra VARCHAR, '
    + "WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)",
  bid: 'CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, '
    + "`dateTime` TIMESTAMP(3), extra VARCHAR, WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)",
} as const;

const TUMBLE = (table: string): string => `(SELECT t.*, date_bin('10 s', datetime, '2000-01-01') AS window_start, `
  + `date_bin('10 s', datetime, '2000-01-01') + interval '10 s' AS window_end FROM ${table} t)`;
const HOP = `(SELECT b.*, date_bin('2 s', datetime, '2000-01-01') - k * interval '2 s' AS window_start,
  date_bin('2 s', datetime, '2000-01-01') - k * interval '2 s' + interval '10 s' AS window_end
  FROM bid b, generate_series(0, 4) k)`;

const ranks = (what: string, name: string): string => `count(${what}) AS total_${name},
     count(${what}) filter (where price < 10000) AS rank1_${name},
     count(${what}) filter (where price >= 10000 and price < 1000000) AS rank2_${name},
     count(${what}) filter (where price >= 1000000) AS rank3_${name}`;
const DAY = "DATE_FORMAT(`dateTime`, 'yyyy-MM-dd')";
const inPostgres = (flink: string): string => flink.replaceAll(DAY, "to_char(datetime, 'YYYY-MM-DD')")
  .replaceAll("DATE_FORMAT(`dateTime`, 'HH:mm')", "to_char(datetime, 'HH24:MI')").replaceAll('`', '');

const q15 = `SELECT
     ${DAY} as \`day\`,
     ${ranks('*', 'bids')},
     ${ranks('distinct bidder', 'bidders')},
     ${ranks('distinct auction', 'auctions')}
FROM bid
GROUP BY ${DAY}`;
const q16 = `SELECT
    channel,
    ${DAY} as \`day\`,
    max(DATE_FORMAT(\`dateTime\`, 'HH:mm')) as \`minute\`,
    ${ranks('*', 'bids')},
    ${ranks('distinct bidder', 'bidders')},
    ${ranks('distinct auction', 'auctions')}
FROM bid
GROUP BY channel, ${DAY}`;
const q17 = `SELECT
     auction,
     ${DAY} as \`day\`,
     ${ranks('*', 'bids')},
     min(price) AS min_price,
     max(price) AS max_price,
     avg(price) AS avg_price,
     sum(price) AS sum_price
FROM bid
GROUP BY auction, ${DAY}`;
const q10 = `SELECT auction, bidder, price, \`dateTime\`, extra, ${DAY}, DATE_FORMAT(\`dateTime\`, 'HH:mm')
FROM bid`;

const SESSIONS = `SELECT bidder, count(*) AS bid_count, min(datetime) AS starttime, max(datetime) + interval '10 s' AS endtime FROM (
  SELECT *, count(*) FILTER (WHERE gap) OVER (PARTITION BY bidder ORDER BY datetime) AS session FROM (
    SELECT *, datetime - lag(datetime) OVER (PARTITION BY bidder ORDER BY datetime) >= interval '10 s' AS gap FROM bid) g) s
  GROUP BY bidder, session`;

export const NEXMARK_QUERIES: readonly NexmarkQuery[] = [
  { name: 'q0', flink: 'SELECT auction, bidder, price, `dateTime`, extra FROM bid' },
  {
    name: 'q1',
    flink: `SELECT
    auction,
    bidder,
    0.908 * price as price, -- convert dollar to euro
    \`dateTime\`,
    extra
FROM bid`,
  },
  { name: 'q2', flink: 'SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0' },
  {
    name: 'q3',
    flink: `SELECT
    P.name, P.city, P.state, A.id
FROM
    auction AS A INNER JOIN person AS P on A.seller = P.id
WHERE
    A.category = 10 and (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')`,
  },
  {
    name: 'q4',
    flink: `SELECT
    Q.category,
    AVG(Q.final)
FROM (
    SELECT MAX(B.price) AS final, A.category
    FROM auction A, bid B
    WHERE A.id = B.auction AND B.\`dateTime\` BETWEEN A.\`dateTime\` AND A.expires
    GROUP BY A.id, A.category
) Q
GROUP BY Q.category`,
    // An average of integers is an integer, cut.
    postgres: `SELECT q.category, div(sum(q.final), count(q.final))::bigint AS avg FROM (
      SELECT max(b.price) AS final, a.category FROM auction a, bid b
      WHERE a.id = b.auction AND b.datetime BETWEEN a.datetime AND a.expires GROUP BY a.id, a.category) q GROUP BY q.category`,
  },
  {
    name: 'q5',
    flink: `SELECT AuctionBids.auction, AuctionBids.num
 FROM (
   SELECT
     auction,
     count(*) AS num,
     window_start AS starttime,
     window_end AS endtime
     FROM TABLE(
             HOP(TABLE bid, DESCRIPTOR(\`dateTime\`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
     GROUP BY auction, window_start, window_end
 ) AS AuctionBids
 JOIN (
   SELECT
     max(CountBids.num) AS maxn,
     CountBids.starttime,
     CountBids.endtime
   FROM (
     SELECT
       count(*) AS num,
       window_start AS starttime,
       window_end AS endtime
     FROM TABLE(
                HOP(TABLE bid, DESCRIPTOR(\`dateTime\`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
     GROUP BY auction, window_start, window_end
     ) AS CountBids
   GROUP BY CountBids.starttime, CountBids.endtime
 ) AS MaxBids
 ON AuctionBids.starttime = MaxBids.starttime AND
    AuctionBids.endtime = MaxBids.endtime AND
    AuctionBids.num >= MaxBids.maxn`,
    postgres: `WITH counted AS (SELECT auction, count(*) AS num, window_start FROM ${HOP} w GROUP BY auction, window_start)
      SELECT auction, num FROM counted c WHERE num >= (SELECT max(num) FROM counted d WHERE d.window_start = c.window_start)`,
  },
  {
    name: 'q6',
    flink: `SELECT
    Q.seller,
    AVG(Q.final) OVER
        (PARTITION BY Q.seller ORDER BY Q.\`dateTime\` ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
FROM (
    SELECT MAX(B.price) AS final, A.seller, B.\`dateTime\`
    FROM auction AS A, bid AS B
    WHERE A.id = B.auction and B.\`dateTime\` between A.\`dateTime\` and A.expires
    GROUP BY A.id, A.seller, B.\`dateTime\`
) AS Q`,
    postgres: `SELECT q.seller, div(sum(q.final) OVER w, count(q.final) OVER w)::bigint AS avg FROM (
      SELECT max(b.price) AS final, a.seller, b.datetime FROM auction a, bid b
      WHERE a.id = b.auction AND b.datetime BETWEEN a.datetime AND a.expires GROUP BY a.id, a.seller, b.datetime) q
      WINDOW w AS (PARTITION BY q.seller ORDER BY q.datetime ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)`,
  },
  {
    name: 'q7',
    flink: `SELECT
    B.auction,
    B.price,
    B.bidder,
    B.\`dateTime\`,
    B.extra
from bid B
JOIN (
  SELECT MAX(price) AS maxprice, window_end as \`dateTime\`
  FROM TABLE(
          TUMBLE(TABLE bid, DESCRIPTOR(\`dateTime\`), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end
) B1
ON B.price = B1.maxprice
WHERE B.\`dateTime\` BETWEEN B1.\`dateTime\`  - INTERVAL '10' SECOND AND B1.\`dateTime\``,
    postgres: `SELECT b.auction, b.price, b.bidder, b.datetime, b.extra FROM bid b
      JOIN (SELECT max(price) AS maxprice, window_end FROM ${TUMBLE('bid')} w GROUP BY window_end) m ON b.price = m.maxprice
      WHERE b.datetime BETWEEN m.window_end - interval '10 s' AND m.window_end`,
  },
  {
    name: 'q8',
    flink: `SELECT
    P.id,
    P.name,
    P.starttime
FROM (
  SELECT id, name,
         window_start AS starttime,
         window_end AS endtime
  FROM TABLE(
            TUMBLE(TABLE person, DESCRIPTOR(\`dateTime\`), INTERVAL '10' SECOND))
  GROUP BY id, name, window_start, window_end
) P
JOIN (
  SELECT seller,
         window_start AS starttime,
         window_end AS endtime
  FROM TABLE(
        TUMBLE(TABLE auction, DESCRIPTOR(\`dateTime\`), INTERVAL '10' SECOND))
  GROUP BY seller, window_start, window_end
) A
ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime`,
    postgres: `SELECT DISTINCT p.id, p.name, p.window_start AS starttime FROM ${TUMBLE('person')} p
      JOIN ${TUMBLE('auction')} a ON p.id = a.seller AND p.window_start = a.window_start`,
  },
  {
    name: 'q9',
    flink: `SELECT
    id, itemName, description, initialBid, reserve, \`dateTime\`, expires, seller, category, extra,
    auction, bidder, price, bid_dateTime, bid_extra
FROM (
   SELECT A.*, B.auction, B.bidder, B.price, B.\`dateTime\` AS bid_dateTime, B.extra AS bid_extra,
     ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.\`dateTime\` ASC) AS rownum
   FROM auction A, bid B
   WHERE A.id = B.auction AND B.\`dateTime\` BETWEEN A.\`dateTime\` AND A.expires
)
WHERE rownum <= 1`,
    postgres: `SELECT DISTINCT ON (a.id) a.*, b.auction, b.bidder, b.price, b.datetime AS bid_datetime, b.extra AS bid_extra
      FROM auction a, bid b WHERE a.id = b.auction AND b.datetime BETWEEN a.datetime AND a.expires
      ORDER BY a.id, b.price DESC, b.datetime`,
  },
  { name: 'q10', flink: q10, postgres: inPostgres(q10), columns: 'auction, bidder, price, dt, extra, `day`, `minute`' },
  {
    name: 'q11',
    flink: `SELECT B.bidder, count(*) as bid_count, SESSION_START(B.\`dateTime\`, INTERVAL '10' SECOND) as starttime,
  SESSION_END(B.\`dateTime\`, INTERVAL '10' SECOND) as endtime
FROM bid B
GROUP BY B.bidder, SESSION(B.\`dateTime\`, INTERVAL '10' SECOND)`,
    postgres: SESSIONS,
  },
  {
    name: 'q11_in_from',
    flink: `SELECT bidder, count(*) as bid_count, window_start AS starttime, window_end AS endtime
FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(\`dateTime\`), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end`,
    postgres: SESSIONS,
  },
  {
    name: 'q13',
    flink: `SELECT
    B.auction,
    B.bidder,
    B.price,
    B.\`dateTime\`,
    S.\`value\`
FROM (SELECT *, PROCTIME() as p_time FROM bid) B
JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S
ON mod(B.auction, 10000) = S.key`,
    postgres: 'SELECT b.auction, b.bidder, b.price, b.datetime, s.value FROM bid b JOIN side_input s ON mod(b.auction, 10000) = s.key',
  },
  { name: 'q15', flink: q15, postgres: inPostgres(q15) },
  { name: 'q16', flink: q16, postgres: inPostgres(q16) },
  {
    name: 'q17', flink: q17,
    postgres: inPostgres(q17).replace('avg(price)', 'div(sum(price), count(price))::bigint'),
  },
  {
    name: 'q18',
    flink: `SELECT auction, bidder, price, channel, url, \`dateTime\`, extra
 FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY \`dateTime\` DESC) AS rank_number
       FROM bid)
 WHERE rank_number <= 1`,
    postgres: 'SELECT DISTINCT ON (bidder, auction) * FROM bid ORDER BY bidder, auction, datetime DESC',
  },
  {
    name: 'q19',
    flink: `SELECT * FROM
(SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid)
WHERE rank_number <= 10`,
    postgres: `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid) r
      WHERE rank_number <= 10`,
  },
  {
    name: 'q20', columns: 'a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p',
    flink: `SELECT
    auction, bidder, price, channel, url, B.\`dateTime\`, B.extra,
    itemName, description, initialBid, reserve, A.\`dateTime\`, expires, seller, category, A.extra
FROM
    bid AS B INNER JOIN auction AS A on B.auction = A.id
WHERE
    A.category = 10`,
  },
  {
    name: 'q21',
    flink: `SELECT
    auction, bidder, price, channel,
    CASE
        WHEN lower(channel) = 'apple' THEN '0'
        WHEN lower(channel) = 'google' THEN '1'
        WHEN lower(channel) = 'facebook' THEN '2'
        WHEN lower(channel) = 'baidu' THEN '3'
        ELSE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2)
        END
    AS channel_id FROM bid
    where REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) is not null or
          lower(channel) in ('apple', 'google', 'facebook', 'baidu')`,
    postgres: `SELECT auction, bidder, price, channel, CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1'
      WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3' ELSE (regexp_match(url, '(&|^)channel_id=([^&]*)'))[2] END AS channel_id
      FROM bid WHERE url ~ '(&|^)channel_id=' OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
  },
  {
    name: 'q22',
    flink: `SELECT
    auction, bidder, price, channel,
    SPLIT_INDEX(url, '/', 3) as dir1,
    SPLIT_INDEX(url, '/', 4) as dir2,
    SPLIT_INDEX(url, '/', 5) as dir3 FROM bid`,
    postgres: `SELECT auction, bidder, price, channel, (string_to_array(url, '/'))[4] AS dir1,
      (string_to_array(url, '/'))[5] AS dir2, (string_to_array(url, '/'))[6] AS dir3 FROM bid`,
  },
];

/** What is not carried over, with the reason it is refused for. */
export const NEXMARK_REFUSED: readonly { readonly name: string; readonly flink: string; readonly reason: string }[] = [
  { name: 'q12', flink: 'CREATE VIEW B AS SELECT *, PROCTIME() as p_time FROM bid', reason: 'function proctime()' },
  {
    name: 'q14', reason: 'function count_char()',
    flink: `SELECT auction, bidder, 0.908 * price as price, CASE WHEN HOUR(\`dateTime\`) >= 8 AND HOUR(\`dateTime\`) <= 18 THEN
      'dayTime' ELSE 'otherTime' END AS bidTimeType, \`dateTime\`, extra, count_char(extra, 'c') AS c_counts FROM bid
      WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000`,
  },
];

/** The PostgreSQL text of a query. */
export function postgresOf(query: NexmarkQuery): string {
  return query.postgres ?? query.flink.replaceAll('`', '');
}
