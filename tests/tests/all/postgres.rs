//! The ledger query on a real PostgreSQL: exact texts, reviewed binds, nothing written, nothing
//! waited for in vain.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use activities::inputs::{self, InputError, InputRequest, SealedInput, Transport};
use activities::staging::{Staging, StagingConfig};
use anyhow::{Context, Result, bail, ensure};
use domain::policy::Scope;
use jiff::civil::date;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::servers::{Postgres, wait_until};
use tokio_postgres::NoTls;

const PAYMENTS: &str = "
    CREATE TABLE payments (
        id text PRIMARY KEY, client text NOT NULL, invoice text, amount numeric(30,8) NOT NULL,
        currency char(3) NOT NULL, paid_on date NOT NULL, paid_at timestamptz, note text
    );
    INSERT INTO payments VALUES
        ('P-1', 'acme', 'INV-1', 1234.50000000, 'EUR', '2026-11-18', NULL, NULL),
        ('P-2', 'acme', 'INV-2', 0.00000001, 'EUR', '2026-11-19', NULL, ''),
        ('P-3', 'umbrella', NULL, -9999999999999999999999.99999999, 'USD', '2026-11-20',
         '2026-11-20 23:30:00-05', 'two
lines, \"quoted\"'),
        ('P-4', 'umbrella', 'INV-4', 1, 'JPY', '2026-11-21', NULL, 'späť 支払');";

const BY_DATE: &str = "
    select id, client, amount, currency, paid_on, paid_at, note, paid_on > :business_date as late
    from payments -- of the clients that were asked for
    where paid_on between :from_date and :to_date
      and (:client::text is null or client = :client)
      and (:invoice::text is null or invoice = :invoice)
    order by id;";

/// A ledger and what asks it.
struct Ledger {
    server: Postgres,
    folder: TempDir,
    staging: Staging,
}

impl Ledger {
    async fn start(tables: &str) -> Result<Ledger> {
        let server = Postgres::start().await?;
        server.execute(tables).await?;
        let folder = TempDir::new()?;
        let staging = Staging::open(&StagingConfig::default(), folder.path())?;
        Ok(Ledger {
            server,
            folder,
            staging,
        })
    }

    async fn ask(&self, query: &str) -> Result<String, InputError> {
        self.ask_about(query, &Scope::Whole, json!({})).await
    }

    /// The CSV that was sealed.
    async fn ask_about(
        &self,
        query: &str,
        scope: &Scope,
        settings: Value,
    ) -> Result<String, InputError> {
        std::fs::write(self.folder.path().join("ledger.sql"), query).expect("a folder of ours");
        let url = self.server.url.clone();
        let sealed = acquire(&url, self.folder.path(), &self.staging, scope, settings).await?;
        assert_eq!(sealed.name, "ledger.sql");
        let bytes = self.staging.get(&sealed.stored).await?;
        Ok(String::from_utf8(bytes).expect("UTF-8"))
    }

    async fn one(&self, sql: &str) -> Result<String> {
        let (client, connection) = tokio_postgres::connect(&self.server.url, NoTls).await?;
        let connection = tokio::spawn(connection);
        let value = client.query_one(sql, &[]).await?.try_get(0)?;
        drop(client);
        connection.await??;
        Ok(value)
    }
}

async fn acquire(
    url: &str,
    folder: &Path,
    staging: &Staging,
    scope: &Scope,
    settings: Value,
) -> Result<SealedInput, InputError> {
    let mut transport = json!({
        "kind": "postgres", "url_env": "LEDGER_URL", "query_file": "ledger.sql",
    });
    for (key, value) in settings.as_object().expect("settings") {
        transport[key] = value.clone();
    }
    let transport: Transport = serde_json::from_value(transport).expect("a transport");
    let request = InputRequest {
        source: "acme",
        folder,
        business_date: date(2026, 11, 20),
        from_date: date(2026, 11, 19),
        to_date: date(2026, 11, 21),
        scope,
        secret: &|name| (name == "LEDGER_URL").then(|| url.to_owned()),
    };
    let mut sealed = inputs::acquire(&transport, &request, staging, &mut |_| {}).await?;
    assert_eq!(sealed.len(), 1);
    Ok(sealed.remove(0))
}

fn refused(outcome: Result<String, InputError>) -> Result<(String, String)> {
    match outcome {
        Err(InputError::Refused { query, reason }) => Ok((query, reason)),
        other => bail!("not refused: {other:?}"),
    }
}

fn retried(outcome: Result<String, InputError>) -> Result<String> {
    match outcome {
        Err(InputError::Retry { reason, .. }) => Ok(reason),
        other => bail!("not to be retried: {other:?}"),
    }
}

#[tokio::test]
async fn binds_select_and_every_value_keeps_its_digits() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    let head = "id,client,amount,currency,paid_on,paid_at,note,late\n";
    let second = "P-2,acme,0.00000001,EUR,2026-11-19,,,false\n";
    let third = "P-3,umbrella,-9999999999999999999999.99999999,USD,2026-11-20,\
                 2026-11-21 04:30:00+00,\"two\nlines, \"\"quoted\"\"\",false\n";
    let fourth = "P-4,umbrella,1.00000000,JPY,2026-11-21,,späť 支払,true\n";
    let all = ledger.ask(BY_DATE).await?;
    assert_eq!(all, format!("{head}{second}{third}{fourth}"));

    let ask = async |scope| ledger.ask_about(BY_DATE, &scope, json!({})).await;
    let client = ask(Scope::Client("umbrella".into())).await?;
    assert_eq!(client, format!("{head}{third}{fourth}"));
    let invoice = ask(Scope::Invoice("INV-2".into())).await?;
    assert_eq!(invoice, format!("{head}{second}"));
    assert_eq!(
        ask(Scope::Client("nobody".into())).await?,
        head,
        "columns without rows"
    );
    Ok(())
}

#[tokio::test]
async fn texts_do_not_depend_on_the_settings_of_the_server() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    let before = ledger.ask(BY_DATE).await?;
    ledger
        .server
        .execute(
            "ALTER ROLE postgres SET DateStyle = 'German';
             ALTER ROLE postgres SET TimeZone = 'Asia/Tokyo';
             ALTER ROLE postgres SET IntervalStyle = 'postgres_verbose';
             ALTER ROLE postgres SET standard_conforming_strings = off",
        )
        .await?;
    assert_eq!(ledger.one("SHOW TimeZone").await?, "Asia/Tokyo");
    assert_eq!(ledger.ask(BY_DATE).await?, before);
    Ok(())
}

#[tokio::test]
async fn no_text_of_a_request_becomes_sql() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    let print = "SELECT md5(string_agg(p::text, ',' ORDER BY id)) FROM payments p";
    let before = ledger.one(print).await?;
    let texts = injections();
    ensure!(texts.len() >= 200, "{} texts", texts.len());
    for text in &texts {
        for scope in [Scope::Client(text.clone()), Scope::Invoice(text.clone())] {
            let rows = ledger.ask_about(BY_DATE, &scope, json!({})).await;
            match rows {
                Ok(rows) => assert_eq!(rows.lines().count(), 1, "{scope:?} gave rows: {rows}"),
                // The one text that PostgreSQL has no way to store.
                Err(InputError::Refused { reason, .. }) if text.contains('\0') => {
                    assert!(reason.contains("invalid byte sequence"), "{reason}");
                }
                Err(error) => bail!("{scope:?}: {error}"),
            }
        }
    }
    assert_eq!(ledger.one(print).await?, before, "nothing was written");
    let tables = "SELECT string_agg(relname, ',') FROM pg_class
                  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    assert_eq!(ledger.one(tables).await?, "payments");
    Ok(())
}

/// Ways out of a text, each with ways on.
fn injections() -> Vec<String> {
    let exits = [
        "", "acme", "'", "''", "acme'", "\\'", "\"", "acme')", "')) ", "$1", "$$", ":client",
        "acme\0", "acme'\n", "\u{2019}", "\u{ff07}", "%", "_",
    ];
    let continuations = [
        "' OR '1'='1",
        " OR 1=1 --",
        "; DROP TABLE payments; --",
        "); DELETE FROM payments; --",
        "' UNION SELECT id, client, amount, currency, paid_on, paid_at, note, true FROM payments--",
        "'; COMMIT; CREATE TABLE pwned (a int); --",
        "'; SET TRANSACTION READ WRITE; DELETE FROM payments; --",
        "' || (SELECT id FROM payments LIMIT 1) || '",
        "/* */ OR TRUE",
        "'::text IS NOT NULL OR ''='",
        "E'\\'' OR TRUE",
        " IS NULL",
    ];
    let pairs = exits.iter().flat_map(|exit| {
        continuations
            .iter()
            .map(move |continuation| format!("{exit}{continuation}"))
    });
    pairs.collect()
}

#[tokio::test]
async fn a_query_that_writes_is_refused() -> Result<()> {
    let writer = "
        CREATE SEQUENCE counter;
        CREATE FUNCTION forget() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN DELETE FROM payments; RETURN 1; END $$;
        CREATE FUNCTION unlock() RETURNS int LANGUAGE plpgsql AS
            $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM payments; RETURN 1; END $$;";
    let ledger = Ledger::start(&format!("{PAYMENTS}{writer}")).await?;
    for query in [
        "DELETE FROM payments",
        "INSERT INTO payments SELECT * FROM payments RETURNING id",
        "WITH gone AS (DELETE FROM payments RETURNING id) SELECT id FROM gone",
        "SELECT forget()",
        "SELECT unlock()",
        "SELECT nextval('counter')",
        "SELECT id FROM payments FOR UPDATE",
        "SELECT id INTO pwned FROM payments",
        "COMMIT",
        "DROP TABLE payments",
        "SET TRANSACTION READ WRITE",
    ] {
        let (file, reason) = refused(ledger.ask(query).await).with_context(|| query.to_owned())?;
        assert!(file.starts_with("ledger.sql"), "{query}: {file}");
        assert!(!reason.is_empty());
    }
    let (_, reason) = refused(ledger.ask("SELECT forget()").await)?;
    assert!(
        reason.contains("read-only transaction (SQLSTATE 25006)"),
        "{reason}"
    );
    // Large objects may be made in a read-only transaction (before PostgreSQL 16). It is never
    // committed.
    let _ = ledger.ask("SELECT lo_create(0)").await;
    assert_eq!(
        ledger
            .one("SELECT count(*)::text FROM pg_largeobject_metadata")
            .await?,
        "0"
    );
    assert_eq!(
        ledger.one("SELECT count(*)::text FROM payments").await?,
        "4"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_said_with_its_line() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    for (query, place, said) in [
        (
            "select id\nfrom payment",
            "ledger.sql, line 2",
            "\"payment\" does not exist",
        ),
        (
            "select id,\n\n  amout from payments",
            "ledger.sql, line 3",
            "\"amout\" does not exist",
        ),
        (
            "select id\nfrom payments\nwhere where",
            "ledger.sql, line 3",
            "syntax error",
        ),
        (
            "-- ü\nselect 'ü', idd from payments",
            "ledger.sql, line 2",
            "\"idd\" does not exist",
        ),
        ("select 1/(1-1) as a", "ledger.sql", "division by zero"),
        (
            "select id, id from payments",
            "ledger.sql",
            "two columns are called \"id\"",
        ),
        ("select from payments", "ledger.sql", "no columns"),
    ] {
        let (found, reason) = refused(ledger.ask(query).await).with_context(|| query.to_owned())?;
        assert_eq!(found, place, "{query}: {reason}");
        assert!(reason.contains(said), "{query}: {reason}");
    }
    for (query, said) in [
        (
            "select 1; select 2",
            "ledger.sql: line 1: a second statement",
        ),
        ("select\n:day", "ledger.sql: line 2: bind :day is unknown"),
    ] {
        let error = ledger.ask(query).await.expect_err(query);
        assert!(matches!(error, InputError::Misconfigured(_)), "{error:?}");
        assert!(
            error.to_string().ends_with(said) || error.to_string().contains(said),
            "{error}"
        );
    }
    let odd = ledger
        .ask("select 1 as \"a \"\"b\"\", c\", null as \"Ü\" -- no line after")
        .await?;
    assert_eq!(odd, "\"a \"\"b\"\", c\",Ü\n1,\n");
    Ok(())
}

#[tokio::test]
async fn a_slow_query_is_ended_and_retried() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    let started = Instant::now();
    let settings = json!({"statement_timeout_seconds": 1});
    let slow = "select pg_sleep(60)::text as slept";
    let reason = retried(
        ledger
            .ask_about(slow, &Scope::Whole, settings.clone())
            .await,
    )?;
    assert!(
        reason.contains("statement timeout (SQLSTATE 57014)"),
        "{reason}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );

    // Time that is spent on sending rows counts, too: nobody holds a transaction open for hours.
    let rows = "select i, pg_sleep(0.01)::text as s from generate_series(1, 100000) as g(i)";
    let reason = retried(ledger.ask_about(rows, &Scope::Whole, settings).await)?;
    assert!(reason.contains("SQLSTATE 57014"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_outage_is_retried() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    let slow = "select pg_sleep(60)::text as slept";
    let terminated = async {
        let asleep = "SELECT count(*)::text FROM pg_stat_activity
                      WHERE application_name = 'trueup' AND wait_event = 'PgSleep'";
        while ledger.one(asleep).await? != "1" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ledger
            .one(
                "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                 WHERE application_name = 'trueup'",
            )
            .await
    };
    let (outcome, terminated) = tokio::join!(ledger.ask(slow), terminated);
    assert_eq!(terminated?, "true");
    let reason = retried(outcome)?;
    assert!(
        reason.contains("57P01") || reason.contains("closed"),
        "{reason}"
    );

    let Ledger {
        server,
        folder,
        staging,
    } = ledger;
    let (url, pid) = (server.url.clone(), server.pid());
    drop(server);
    wait_until("the end of the server", Duration::from_secs(20), || {
        Ok((!tests::servers::is_running(pid)).then_some(()))
    })
    .await?;
    let down = acquire(&url, folder.path(), &staging, &Scope::Whole, json!({})).await;
    let Err(InputError::Retry { input, reason }) = down else {
        bail!("{down:?}")
    };
    assert_eq!(input, "LEDGER_URL");
    assert!(reason.contains("can't connect"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() -> Result<()> {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("postgres://u@{}/d", silent.local_addr()?);
    let folder = TempDir::new()?;
    std::fs::write(folder.path().join("ledger.sql"), "select 1 as a")?;
    let staging = Staging::open(&StagingConfig::default(), folder.path())?;
    let settings = json!({"connect_timeout_seconds": 1});
    let gave_up = acquire(&url, folder.path(), &staging, &Scope::Whole, settings);
    let outcome = tokio::time::timeout(Duration::from_secs(20), gave_up).await?;
    assert!(
        matches!(outcome, Err(InputError::Retry { .. })),
        "{outcome:?}"
    );
    Ok(())
}

#[tokio::test]
async fn no_message_holds_a_secret() -> Result<()> {
    let ledger = Ledger::start(
        "CREATE ROLE reader LOGIN PASSWORD 'right';
         CREATE TABLE salaries (id text)",
    )
    .await?;
    std::fs::write(
        ledger.folder.path().join("ledger.sql"),
        "select id from salaries",
    )?;
    let address = ledger
        .server
        .url
        .split_once('@')
        .context("a user")?
        .1
        .to_owned();
    let ask = async |url: String, settings| {
        let folder = ledger.folder.path();
        acquire(&url, folder, &ledger.staging, &Scope::Whole, settings).await
    };

    let denied = ask(format!("postgres://reader:hunter2@{address}"), json!({})).await;
    let Err(InputError::Refused { reason, .. }) = &denied else {
        bail!("{denied:?}")
    };
    assert!(
        reason.contains("permission denied for table salaries"),
        "{reason}"
    );
    let unknown = ask(format!("postgres://nobody:hunter2@{address}"), json!({})).await;
    let Err(InputError::Refused { reason, .. }) = &unknown else {
        bail!("{unknown:?}")
    };
    assert!(
        reason.contains("role \"nobody\" does not exist"),
        "{reason}"
    );
    // The server has no TLS; asked for, it is not done without.
    let plain = ask(
        format!("postgres://reader:hunter2@{address}"),
        json!({"tls": "require"}),
    )
    .await;
    let Err(InputError::Retry { reason, .. }) = &plain else {
        bail!("{plain:?}")
    };
    assert!(reason.contains("TLS"), "{reason}");
    let mistyped = ask("postgres://reader:hunter2@[::1/x".to_owned(), json!({})).await;
    let Err(InputError::Misconfigured(reason)) = &mistyped else {
        bail!("{mistyped:?}")
    };
    assert!(
        reason.contains("LEDGER_URL does not hold an address"),
        "{reason}"
    );
    let unset = ask(String::new(), json!({"url_env": "OTHER_URL"})).await;
    let Err(InputError::Misconfigured(reason)) = &unset else {
        bail!("{unset:?}")
    };
    assert!(reason.contains("OTHER_URL is not set"), "{reason}");
    for outcome in [denied, unknown, plain, mistyped, unset] {
        let (shown, detailed) = (
            outcome.as_ref().unwrap_err().to_string(),
            format!("{outcome:?}"),
        );
        assert!(
            !shown.contains("hunter2") && !detailed.contains("hunter2"),
            "{detailed}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn many_rows_pass_within_the_limits() -> Result<()> {
    const ROWS: u64 = 200_000;
    const HEADROOM_BYTES: u64 = 48 << 20;
    let ledger = Ledger::start(PAYMENTS).await?;
    let query = format!(
        "select 'PAY-' || lpad(i::text, 20, '0') as id, (i / 100.0)::numeric(30,8) as amount,
                repeat('x', 60) as note
         from generate_series(1, {ROWS}) as g(i)"
    );
    std::fs::write(ledger.folder.path().join("ledger.sql"), &query)?;
    let before = peak_memory_bytes()?;
    let url = ledger.server.url.clone();
    let folder = ledger.folder.path();
    let sealed = acquire(&url, folder, &ledger.staging, &Scope::Whole, json!({})).await?;
    let grown = peak_memory_bytes()? - before;
    let size = sealed.stored.bytes;
    ensure!(size > ROWS * 90, "{size} bytes");
    // The CSV as a whole, twice while its buffer grows; never the rows as they were received.
    ensure!(
        grown < 3 * size + HEADROOM_BYTES,
        "{grown} bytes for {size} of CSV"
    );

    let ask = async |settings| ledger.ask_about(&query, &Scope::Whole, settings).await;
    assert!(
        ask(json!({"rows_max": ROWS, "bytes_max": size}))
            .await
            .is_ok()
    );
    for (setting, said) in [
        (
            json!({"rows_max": ROWS - 1}),
            "more than rows_max = 199999 rows",
        ),
        (
            json!({"bytes_max": 100_000}),
            "more than bytes_max = 100000 bytes",
        ),
    ] {
        let too_many = ask(setting).await;
        let Err(InputError::Unusable { reason, .. }) = &too_many else {
            bail!("{too_many:?}")
        };
        assert!(reason.contains(said), "{reason}");
    }
    Ok(())
}

#[tokio::test]
async fn progress_is_told_row_by_thousands() -> Result<()> {
    let ledger = Ledger::start(PAYMENTS).await?;
    std::fs::write(
        ledger.folder.path().join("ledger.sql"),
        "select i from generate_series(1, 12345) as g(i)",
    )?;
    let transport: Transport = serde_json::from_value(json!({
        "kind": "postgres", "url_env": "LEDGER_URL", "query_file": "ledger.sql",
    }))?;
    let url = ledger.server.url.clone();
    let request = InputRequest {
        source: "acme",
        folder: ledger.folder.path(),
        business_date: date(2026, 11, 20),
        from_date: date(2026, 11, 20),
        to_date: date(2026, 11, 20),
        scope: &Scope::Whole,
        secret: &|_| Some(url.clone()),
    };
    let told = Mutex::new(Vec::new());
    let mut progress = |rows| told.lock().expect("not poisoned").push(rows);
    inputs::acquire(&transport, &request, &ledger.staging, &mut progress).await?;
    assert_eq!(told.into_inner()?, [5_000, 10_000, 12_345]);
    Ok(())
}

/// The most memory that this process had so far.
fn peak_memory_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .context("VmHWM")?;
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .context("a number")?
        .parse()?;
    Ok(kilobytes * 1024)
}
