-- What `npm run demo` declares: three kinds of live data and windows over each. Paste any of it into psql.

-- 1. This machine, once a second.
CREATE SOURCE host_metrics (
  ts timestamptz, cpu float8, load1 float8, memory_total int8, memory_free int8,
  net_received int8, net_sent int8, disk_read int8, disk_written int8,
  WATERMARK FOR ts AS ts - INTERVAL '1 second'
) WITH (connector = 'host', interval = '1s');

CREATE MATERIALIZED VIEW host_10s AS
SELECT window_start, count(*) AS samples,
       round(avg(cpu)::numeric * 100, 1) AS cpu_percent,
       max(load1) AS load,
       round(max(memory_total - memory_free) / 1048576.0, 0) AS memory_mb,
       max(net_received) - min(net_received) AS net_received,
       max(disk_written) - min(disk_written) AS disk_written
FROM tumble(host_metrics, ts, INTERVAL '10 seconds')
GROUP BY window_start;

-- 2. An auction house: people, auctions and bids, 1:3:46, deterministic.
CREATE SOURCE person (id int8, name varchar, city varchar, state varchar, date_time timestamp)
WITH (connector = 'nexmark', "table" = 'person', rate = '5000');

CREATE SOURCE auction (id int8, item_name varchar, category int8, seller int8, date_time timestamp, expires timestamp)
WITH (connector = 'nexmark', "table" = 'auction', rate = '5000');

CREATE SOURCE bid (
  auction int8, bidder int8, price int8, channel varchar, date_time timestamp,
  WATERMARK FOR date_time AS date_time - INTERVAL '1 second'
) WITH (connector = 'nexmark', "table" = 'bid', rate = '5000');

CREATE MATERIALIZED VIEW bids_5s AS
SELECT window_start, count(*) AS bids, count(DISTINCT bidder) AS bidders, max(price) AS highest
FROM tumble(bid, date_time, INTERVAL '5 seconds')
GROUP BY window_start
EMIT ON WINDOW CLOSE;

CREATE MATERIALIZED VIEW hot_auctions AS
SELECT window_end, auction, count(*) AS bids, max(price) AS highest
FROM hop(bid, date_time, INTERVAL '5 seconds', INTERVAL '20 seconds')
GROUP BY window_end, auction
HAVING count(*) > 500
ORDER BY window_end DESC, bids DESC, auction
LIMIT 5;

CREATE MATERIALIZED VIEW categories AS
SELECT a.category, count(*) AS bids, round(avg(b.price), 2) AS average_price
FROM bid b JOIN auction a ON a.id = b.auction
GROUP BY a.category;

-- 3. Flights of 2001, replayed in event-time order: a day passes in a second.
CREATE SOURCE flights (
  date timestamp, delay int4, distance int4, origin text, destination text,
  WATERMARK FOR date AS date - INTERVAL '1 hour'
) WITH (
  connector = 'file', path = 'node_modules/vega-datasets/data/flights-20k.json',
  "replay.column" = 'date', "replay.speed" = '86400'
);

CREATE MATERIALIZED VIEW flights_daily AS
SELECT window_start::date AS day, count(*) AS flights, round(avg(delay), 1) AS average_delay,
       count(*) FILTER (WHERE delay > 60) AS very_late
FROM tumble(flights, date, INTERVAL '1 day')
GROUP BY window_start
EMIT ON WINDOW CLOSE;

CREATE MATERIALIZED VIEW worst_airports AS
SELECT origin, count(*) AS flights, round(avg(delay), 1) AS average_delay
FROM flights
GROUP BY origin
HAVING count(*) >= 20
ORDER BY average_delay DESC, origin
LIMIT 5;
