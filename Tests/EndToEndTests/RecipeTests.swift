internal import Files
internal import Glibc
internal import TestKit
internal import Testing

/// The recipes of redoubt.toml(5), word for word, against real servers that are being written to.
struct RecipeTests {
  /// A node with one set: the recipe's.
  private func installation(_ name: String, change: (String) -> String = { $0 }) throws -> Installation {
    let recipe = try #require(try Recipes.all().first { $0.name == name })
    let house = try Installation()
    for folder in ["offsite", "state"] { try Paths.makeFolders(house.folder(folder)) }
    house.destinations = [.folder("offsite", house.folder("offsite"))]
    house.sets = []
    try house.configure()
    let path = house.folder("redoubt.toml")
    try FileContent.write(try FileContent.read(path) + Array(change(recipe.text).utf8), to: path, mode: 0o600)
    return house
  }

  /// Backs up, verifies, and restores in two ways: with `redoubt-verify`, and with the script beside the data.
  /// - Returns: the folder that the set was restored to.
  private func roundTrip(_ house: Installation, _ name: String, file: String) throws -> String {
    let check = try house.node(["check"])
    #expect(check.status == 0, "\(check.text)\(check.errorText)")
    let backup = try house.node(["backup"])
    try #require(backup.status == 0, "\(backup.text)\(backup.errorText)")
    try house.expectSound("restored")
    _ = try house.restore("restored", set: name)
    let tools = StandardTools(installation: house, hostFolder: "\(house.folder("offsite"))/peer-1")
    let recovered = try tools.recover(name)
    #expect(recovered.outcome.status == 0, "\(recovered.outcome.errorText)")
    try Command.succeed("cmp", ["\(house.folder("restored"))/\(file)", "\(house.folder("recovered"))/\(file)"])
    return house.folder("restored")
  }

  /// `accounts` between which a loop moves amounts, one transaction a transfer, until `stop` has a row.
  private static let rows = 3000

  @Test func postgreSQL() throws {
    let server = try PostgreSQLServer()
    let user = try Command.succeed("id", ["-un"]).lines[0]
    try server.run("create role \"\(user)\" login")
    try server.run("grant pg_read_all_data to \"\(user)\"")
    try server.run("create database client")
    try server.run(
      """
      create table accounts (id int primary key, amount int, note text);
      insert into accounts select i, 100, repeat(md5(i::text), 10) from generate_series(1, \(Self.rows)) i;
      create table transfers (count int);
      insert into transfers values (0);
      create table stop (v int);
      create procedure churn() language plpgsql as $$
      declare n int := 0;
      begin
        loop
          update accounts set amount = amount - 1 where id = 1 + n * 7 % \(Self.rows);
          perform pg_sleep(0.001);
          update accounts set amount = amount + 1 where id = 1 + n * 11 % \(Self.rows);
          update transfers set count = count + 1;
          commit;
          exit when exists (select from stop);
          n := n + 1;
        end loop;
      end $$
      """, in: "client")
    let writer = try server.start("call churn()", in: "client")
    defer { _ = try? writer.wait() }
    defer { _ = try? server.run("insert into stop values (1)", in: "client") }
    func transfers() throws -> Int {
      Int(try server.run("select count from transfers", in: "client").dropLast()) ?? 0
    }
    while try transfers() < 5 { usleep(10_000) }
    let before = try transfers()

    let house = try installation("postgresql-client")
    house.environment.merge(server.environment) { $1 }
    let restored = try roundTrip(house, "postgresql-client", file: "dump/client.pgdump")
    let after = try transfers()
    #expect(after > before, "it was written to meanwhile")

    let fresh = try PostgreSQLServer()
    try fresh.run("create role \"\(user)\"")
    try Command.succeed(
      "pg_restore", ["--create", "--dbname=postgres", "\(restored)/dump/client.pgdump"],
      environment: fresh.administrator)
    let sums = try fresh.run("select count(*), sum(amount) from accounts", in: "client")
    #expect(sums == "\(Self.rows)|\(Self.rows * 100)\n", "one moment of all tables")
    let count = try #require(Int(try fresh.run("select count from transfers", in: "client").dropLast()))
    #expect((before...after).contains(count))

    // A dump that cannot be made is no snapshot.
    try server.run("revoke pg_read_all_data from \"\(user)\"")
    let manifests = try house.manifests(house.folder("offsite"))
    let refused = try house.node(["backup", "--json"])
    #expect(refused.status == 1)
    let reason = try #require(try Installation.json(refused).first { $0.type == "set" }?.reason)
    #expect(reason.hasPrefix("command: pg_dump exited with code 1: pg_dump: "), "\(reason)")
    #expect(try house.manifests(house.folder("offsite")) == manifests)
  }

  @Test func mariaDB() throws {
    let server = try MariaDBServer()
    try server.run(
      """
      create user 'backup'@'localhost' identified by 'a secret';
      grant select, show view, trigger, event, lock tables on *.* to 'backup'@'localhost';
      create database client;
      use client;
      create table accounts (id int primary key, amount int, note text) engine=innodb;
      insert into accounts select seq, 100, repeat(md5(seq), 10) from seq_1_to_\(Self.rows);
      create table transfers (count int) engine=innodb;
      insert into transfers values (0);
      create table stop (v int) engine=innodb;
      create view rich as select id from accounts where amount > 100;
      delimiter //
      create procedure churn()
      begin
        declare n int default 0;
        repeat
          start transaction;
          update accounts set amount = amount - 1 where id = 1 + n * 7 % \(Self.rows);
          do sleep(0.001);
          update accounts set amount = amount + 1 where id = 1 + n * 11 % \(Self.rows);
          update transfers set count = count + 1;
          commit;
          set n = n + 1;
        until exists (select * from stop) end repeat;
      end //
      """)
    let writer = try Command("mariadb", server.arguments + ["-e", "call client.churn()"])
    defer { _ = try? writer.wait() }
    defer { _ = try? server.run("insert into client.stop values (1)") }
    func transfers() throws -> Int { Int(try server.run("select count from client.transfers").dropLast()) ?? 0 }
    while try transfers() < 5 { usleep(10_000) }
    let before = try transfers()

    let house = try installation("mariadb-client")
    let home = house.folder("home")
    try Paths.makeFolders(home)
    let settings = "[client]\nuser = backup\npassword = \"a secret\"\nsocket = \(server.socket)\n"
    try FileContent.write(Array(settings.utf8), to: "\(home)/.my.cnf", mode: 0o600)
    house.environment["HOME"] = home
    let restored = try roundTrip(house, "mariadb-client", file: "dump/client.sql")
    let after = try transfers()
    #expect(after > before, "it was written to meanwhile")

    let fresh = try MariaDBServer()
    try fresh.run(String(decoding: try FileContent.read("\(restored)/dump/client.sql"), as: UTF8.self))
    let sums = try fresh.run("select count(*), sum(amount) from client.accounts")
    #expect(sums == "\(Self.rows)\t\(Self.rows * 100)\n", "one moment of all tables")
    let count = try #require(Int(try fresh.run("select count from client.transfers").dropLast()))
    #expect((before...after).contains(count))
    let others =
      "select count(*) from information_schema.routines where routine_schema = 'client' union all "
      + "select count(*) from information_schema.views where table_schema = 'client'"
    #expect(try fresh.run(others) == "1\n1\n", "the procedure and the view")
  }

  @Test func sqlite() throws {
    let app = try TemporaryFolder("app")
    try Command.succeed(
      "sqlite3", [app("app.db"), "pragma journal_mode = wal; create table t (v); insert into t values (1), (2)"])
    try FileContent.write(Array("settings\n".utf8), to: app("app.conf"))
    let house = try installation("sqlite-app") { $0.replacing("/var/lib/app", with: app.path) }
    let restored = try roundTrip(house, "sqlite-app", file: "\(app.path)/app.db")
    let tree = restored + app.path
    #expect(try Command.succeed("ls", [tree]).lines == ["app.conf", "app.db"])
    #expect(try Command.succeed("sqlite3", ["\(tree)/app.db", "select sum(v) from t"]).text == "3\n")
    // Nobody wrote: nothing is stored but the heartbeat.
    #expect(try house.node(["backup"]).text.contains("sqlite-app: unchanged since "))
  }
}
