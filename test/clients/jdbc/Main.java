// A JDBC program as a user would write it: connects, prepares, batches, a transaction, a fetch size, metadata, errors.
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;

public class Main {
  static int checks = 0;

  static void check(Object got, Object expected, String what) {
    checks++;
    if (!Objects.equals(got, expected)) {
      throw new AssertionError(what + ": got " + got + ", expected " + expected);
    }
  }

  public static void main(String[] args) throws Exception {
    String url = args[0];
    try (Connection c = DriverManager.getConnection(url)) {
      tables(c);
      prepared(c);
      batch(c);
      transaction(c);
      fetchSize(c);
      types(c);
      metadata(c);
      errors(c);
      returning(c);
      cancel(c);
    }
    multiInsertRewrite(url);
    System.out.println("jdbc: " + checks + " checks passed");
  }

  static void tables(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute("CREATE TABLE bids (id int PRIMARY KEY, item text NOT NULL, price numeric(10,2), at timestamptz)");
      s.execute("CREATE MATERIALIZED VIEW top AS SELECT item, count(*) AS n, max(price) AS high FROM bids GROUP BY item");
      check(s.executeUpdate("INSERT INTO bids VALUES (1, 'lamp', 12.50, '2026-01-01 00:00:00+00')"), 1, "insert");
      try (ResultSet r = s.executeQuery("SELECT n, high FROM top WHERE item = 'lamp'")) {
        check(r.next(), true, "row");
        check(r.getLong("n"), 1L, "count");
        check(r.getBigDecimal("high"), new BigDecimal("12.50"), "max");
      }
    }
  }

  /** Past the 5th execution pgjdbc names the statement and asks for binary results. */
  static void prepared(Connection c) throws SQLException {
    try (PreparedStatement p = c.prepareStatement(
        "SELECT id, item, price, at, ?::int8 AS echo FROM bids WHERE id = ? AND item <> ?")) {
      for (int i = 0; i < 12; i++) {
        p.setLong(1, Long.MAX_VALUE - i);
        p.setInt(2, 1);
        p.setString(3, "none");
        try (ResultSet r = p.executeQuery()) {
          check(r.next(), true, "row " + i);
          check(r.getInt(1), 1, "id " + i);
          check(r.getString(2), "lamp", "item " + i);
          check(r.getBigDecimal(3), new BigDecimal("12.50"), "price " + i);
          check(r.getObject(4, OffsetDateTime.class).toInstant(), Instant.parse("2026-01-01T00:00:00Z"), "at " + i);
          check(r.getLong(5), Long.MAX_VALUE - i, "echo " + i);
          check(r.next(), false, "end " + i);
        }
      }
    }
  }

  static void batch(Connection c) throws SQLException {
    try (PreparedStatement p = c.prepareStatement("INSERT INTO bids (id, item, price) VALUES (?, ?, ?)")) {
      for (int i = 2; i <= 1001; i++) {
        p.setInt(1, i);
        p.setString(2, i % 2 == 0 ? "lamp" : "chair");
        p.setBigDecimal(3, BigDecimal.valueOf(i, 2));
        p.addBatch();
      }
      int[] counts = p.executeBatch();
      check(counts.length, 1000, "batch");
      check(Arrays.stream(counts).sum(), 1000, "batch counts");
    }
    check(single(c, "SELECT sum(n) FROM top"), "1001", "view after batch");
  }

  static void transaction(Connection c) throws SQLException {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.executeUpdate("UPDATE bids SET price = price + 1000 WHERE id = 2");
      check(single(c, "SELECT price FROM bids WHERE id = 2"), "1000.02", "own write");
      Savepoint savepoint = c.setSavepoint("a");
      s.executeUpdate("DELETE FROM bids");
      check(single(c, "SELECT count(*) FROM bids"), "0", "own delete");
      c.rollback(savepoint);
      check(single(c, "SELECT count(*) FROM bids"), "1001", "rolled back to the savepoint");
      c.commit();
      s.executeUpdate("DELETE FROM bids WHERE id = 2");
      c.rollback();
    } finally {
      c.setAutoCommit(true);
    }
    check(single(c, "SELECT high FROM top WHERE item = 'lamp'"), "1000.02", "view after commit");
    check(single(c, "SELECT count(*) FROM bids WHERE id = 2"), "1", "rolled back");
  }

  static void fetchSize(Connection c) throws SQLException {
    c.setAutoCommit(false);
    try (PreparedStatement p = c.prepareStatement("SELECT id, item FROM bids ORDER BY id")) {
      p.setFetchSize(64);
      try (ResultSet r = p.executeQuery()) {
        int n = 0;
        while (r.next()) check(r.getInt(1), ++n, "row " + n);
        check(n, 1001, "rows");
      }
    }
    try (Statement s = c.createStatement()) {
      s.setFetchSize(1);
      try (ResultSet r = s.executeQuery("SELECT item, n FROM top ORDER BY item")) {
        check(r.next() && r.getString(1).equals("chair"), true, "chair");
        check(r.next() && r.getString(1).equals("lamp"), true, "lamp");
        check(r.next(), false, "end of view");
      }
    }
    c.commit();
    c.setAutoCommit(true);
  }

  static void types(Connection c) throws SQLException {
    String sql = "SELECT ?::bool, ?::int2, ?::int4, ?::int8, ?::float4, ?::float8, ?::numeric, ?::text, ?::bytea,"
        + " ?::date, ?::timestamp, ?::uuid, ?::jsonb, ?::time, ?::inet, ?::cidr, ?::macaddr";
    UUID uuid = UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    try (PreparedStatement p = c.prepareStatement(sql)) {
      for (int i = 0; i < 8; i++) {
        p.setBoolean(1, true);
        p.setShort(2, (short) -7);
        p.setInt(3, Integer.MIN_VALUE);
        p.setLong(4, Long.MIN_VALUE);
        p.setFloat(5, 1.5f);
        p.setDouble(6, 0.1);
        p.setBigDecimal(7, new BigDecimal("12345678901234567890.000100"));
        p.setString(8, "ünïcode 😀");
        p.setBytes(9, new byte[] {0, 1, -1});
        p.setObject(10, LocalDate.of(2024, 2, 29));
        p.setObject(11, LocalDateTime.of(1999, 12, 31, 23, 59, 59, 123456000));
        p.setObject(12, uuid);
        p.setString(13, "{\"b\":1,\"a\":[true,null]}");
        p.setObject(14, LocalTime.of(1, 2, 3));
        p.setString(15, "10.1.2.3/16");
        p.setObject(16, "2001:db8::/32", Types.OTHER);
        p.setObject(17, "08-00-2B-01-02-03", Types.OTHER);
        try (ResultSet r = p.executeQuery()) {
          r.next();
          check(r.getBoolean(1), true, "bool");
          check(r.getShort(2), (short) -7, "int2");
          check(r.getInt(3), Integer.MIN_VALUE, "int4");
          check(r.getLong(4), Long.MIN_VALUE, "int8");
          check(r.getFloat(5), 1.5f, "float4");
          check(r.getDouble(6), 0.1, "float8");
          check(r.getBigDecimal(7), new BigDecimal("12345678901234567890.000100"), "numeric");
          check(r.getString(8), "ünïcode 😀", "text");
          check(Arrays.equals(r.getBytes(9), new byte[] {0, 1, -1}), true, "bytea");
          check(r.getObject(10, LocalDate.class), LocalDate.of(2024, 2, 29), "date");
          check(r.getObject(11, LocalDateTime.class), LocalDateTime.of(1999, 12, 31, 23, 59, 59, 123456000), "timestamp");
          check(r.getObject(12), uuid, "uuid");
          check(r.getString(13), "{\"a\": [true, null], \"b\": 1}", "jsonb");
          check(r.getObject(14, LocalTime.class), LocalTime.of(1, 2, 3), "time");
          check(r.getObject(15).toString(), "10.1.2.3/16", "inet");
          check(r.getString(16), "2001:db8::/32", "cidr");
          check(r.getString(17), "08:00:2b:01:02:03", "macaddr");
        }
      }
    }
  }

  static void metadata(Connection c) throws SQLException {
    DatabaseMetaData m = c.getMetaData();
    check(m.getDatabaseProductName(), "PostgreSQL", "product");
    List<String> tables = new ArrayList<>();
    try (ResultSet r = m.getTables(null, "public", "%", new String[] {"TABLE", "MATERIALIZED VIEW"})) {
      while (r.next()) tables.add(r.getString("TABLE_NAME") + ":" + r.getString("TABLE_TYPE"));
    }
    check(tables.contains("bids:TABLE"), true, "tables " + tables);
    check(tables.contains("top:MATERIALIZED VIEW"), true, "views " + tables);
    List<String> columns = new ArrayList<>();
    try (ResultSet r = m.getColumns(null, "public", "bids", "%")) {
      while (r.next()) columns.add(r.getString("COLUMN_NAME") + " " + r.getString("TYPE_NAME") + " " + r.getString("IS_NULLABLE"));
    }
    check(columns.toString(), "[id int4 NO, item text NO, price numeric YES, at timestamptz YES]", "columns");
    try (ResultSet r = m.getPrimaryKeys(null, "public", "bids")) {
      check(r.next(), true, "primary key");
      check(r.getString("COLUMN_NAME"), "id", "primary key column");
    }
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT id, price AS p FROM bids LIMIT 1")) {
      ResultSetMetaData d = r.getMetaData();
      check(d.getColumnTypeName(2), "numeric", "type name");
      check(d.getPrecision(2) + "," + d.getScale(2), "10,2", "precision");
      check(d.getTableName(1), "bids", "table name");
    }
  }

  static void errors(Connection c) throws SQLException {
    String[][] cases = {
      {"SELECT * FROM nowhere", "42P01"}, {"SELEC 1", "42601"}, {"SELECT nope FROM bids", "42703"},
      {"INSERT INTO bids (id, item) VALUES (1, 'again')", "23505"}, {"INSERT INTO bids (id) VALUES (5000)", "23502"},
      {"SELECT 1/0", "22012"}, {"SELECT 'x'::int", "22P02"}, {"SELECT nofunction(1)", "42883"},
    };
    try (Statement s = c.createStatement()) {
      for (String[] one : cases) {
        try {
          s.execute(one[0]);
          throw new AssertionError("no error from " + one[0]);
        } catch (SQLException e) {
          check(e.getSQLState(), one[1], one[0]);
        }
      }
    }
    check(single(c, "SELECT 1"), "1", "goes on after errors");
  }

  static void returning(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute("CREATE TABLE notes (id serial PRIMARY KEY, body text)");
    }
    try (PreparedStatement p = c.prepareStatement("INSERT INTO notes (body) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 1; i <= 7; i++) {
        p.setString(1, "note " + i);
        check(p.executeUpdate(), 1, "inserted");
        try (ResultSet r = p.getGeneratedKeys()) {
          r.next();
          check(r.getInt("id"), i, "generated key");
        }
      }
    }
  }

  static void cancel(Connection c) throws Exception {
    try (Statement s = c.createStatement()) {
      s.setQueryTimeout(1);
      long start = System.nanoTime();
      try {
        s.execute("SELECT pg_sleep(20)");
        throw new AssertionError("not cancelled");
      } catch (SQLException e) {
        check(e.getSQLState(), "57014", "cancelled");
        check((System.nanoTime() - start) / 1_000_000_000L < 10, true, "cancelled in time");
      }
    }
    check(single(c, "SELECT 2"), "2", "goes on after a cancel");
  }

  static void multiInsertRewrite(String url) throws SQLException {
    try (Connection c = DriverManager.getConnection(url + "&reWriteBatchedInserts=true&prepareThreshold=1")) {
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TABLE many (a int, b text)");
      }
      try (PreparedStatement p = c.prepareStatement("INSERT INTO many VALUES (?, ?)")) {
        for (int i = 0; i < 5000; i++) {
          p.setInt(1, i);
          p.setString(2, "b" + i);
          p.addBatch();
        }
        p.executeBatch();
      }
      check(single(c, "SELECT count(*) || ',' || sum(a) FROM many"), "5000,12497500", "rewritten batch");
    }
  }

  static String single(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getString(1);
    }
  }
}
