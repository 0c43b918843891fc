//! The deployment of `docker-compose.yml`, as far as it can be held against the product without an
//! engine: what is published, pinned, waited for, mounted and configured.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;
use tests::servers::Postgres;
use tests::servers::program::workspace;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
    volumes: BTreeMap<String, Value>,
    configs: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    image: Option<String>,
    build: Option<String>,
    command: Vec<String>,
    ports: Vec<String>,
    environment: BTreeMap<String, String>,
    volumes: Vec<String>,
    configs: Vec<BTreeMap<String, String>>,
    depends_on: BTreeMap<String, Dependency>,
    healthcheck: Option<Value>,
    restart: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    condition: String,
}

fn read(file: &str) -> String {
    std::fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn compose() -> Compose {
    serde_norway::from_str(&read("docker-compose.yml")).expect("docker-compose.yml is readable")
}

/// `${NAME:-default}` becomes `default`, as for somebody who has set nothing.
fn with_defaults(value: &str) -> String {
    let mut rest = value;
    let mut result = String::new();
    while let Some((before, variable)) = rest.split_once("${") {
        let (variable, after) = variable.split_once('}').expect("a variable ends with }");
        let (_, default) = variable
            .split_once(":-")
            .expect("every variable has a default");
        result.push_str(before);
        result.push_str(default);
        rest = after;
    }
    result + rest
}

#[test]
fn every_port_is_published_on_the_loopback_address_only_and_once() {
    let mut published = BTreeSet::new();
    for (name, service) in compose().services {
        for port in service.ports {
            let parts: Vec<&str> = port.split(':').collect();
            assert!(
                matches!(parts[..], ["127.0.0.1", _, _]),
                "{name} publishes {port}"
            );
            assert!(
                published.insert(parts[1].to_owned()),
                "{name} publishes {port} again"
            );
        }
    }
    assert!(published.contains("7233"), "people need Temporal's port");
}

#[test]
fn every_image_is_pinned_and_temporal_is_of_one_version() {
    let compose = compose();
    for (name, service) in &compose.services {
        let image = service
            .image
            .as_deref()
            .unwrap_or_else(|| panic!("{name} has no image"));
        let version = image.split_once(':').map_or("", |(_, version)| version);
        let pinned = version
            .trim_start_matches('v')
            .starts_with(|c: char| c.is_ascii_digit());
        assert!(
            pinned || service.build.is_some(),
            "{name}: {image} has no version"
        );
    }
    let version_of = |service: &str| {
        let image = compose.services[service].image.clone().unwrap_or_default();
        image.split_once(':').map(|(_, version)| version.to_owned())
    };
    assert_eq!(version_of("temporal"), version_of("temporal-schema"));
    assert_eq!(version_of("temporal"), version_of("temporal-namespace"));
}

#[test]
fn what_a_service_waits_for_can_happen() {
    let compose = compose();
    for (name, service) in &compose.services {
        for (awaited, dependency) in &service.depends_on {
            let other = &compose.services[awaited];
            match dependency.condition.as_str() {
                "service_healthy" => {
                    assert!(
                        other.healthcheck.is_some(),
                        "{name} waits for {awaited} in vain"
                    );
                }
                "service_completed_successfully" => {
                    let restart = other.restart.as_deref().unwrap_or("no");
                    assert!(
                        !restart.contains("unless"),
                        "{awaited} never ends for {name}"
                    );
                }
                condition => panic!("{name} waits for {awaited} to be {condition}"),
            }
        }
    }
}

#[test]
fn what_is_mounted_exists() {
    let compose = compose();
    for (name, service) in &compose.services {
        for volume in &service.volumes {
            let source = volume.split(':').next().unwrap_or_default();
            let exists = match source.strip_prefix("./") {
                Some(path) => workspace().join(path).exists(),
                None => compose.volumes.contains_key(source),
            };
            assert!(exists, "{name} mounts {source}, which does not exist");
        }
        for config in &service.configs {
            assert!(
                compose.configs.contains_key(&config["source"]),
                "{name}: {config:?}"
            );
        }
    }
}

#[test]
fn the_worker_reaches_what_its_configuration_names() {
    let compose = compose();
    let worker = &compose.services["worker"];
    let temporal = &worker.environment["TEMPORAL_ADDRESS"];
    assert_eq!(temporal, "temporal:7233");
    let ledger = with_defaults(&worker.environment["TRUEUP_LEDGER_URL"]);
    let (user, password) = ledger
        .strip_prefix("postgres://")
        .and_then(|rest| rest.strip_suffix("@ledger/ledger"))
        .and_then(|login| login.split_once(':'))
        .expect("a user, a password and the service");
    let reader = compose.configs["ledger-reader"]["content"]
        .as_str()
        .expect("SQL");
    let role = format!("CREATE ROLE {user} LOGIN PASSWORD '{password}';");
    assert!(
        with_defaults(reader).contains(&role),
        "{reader} does not make {user}"
    );

    let settings: toml::Table = read("examples/compose/trueup.toml").parse().expect("TOML");
    let mail = &settings["alerts"]["channels"]["accounting"];
    let host = mail["host"].as_str().expect("a mail host");
    let port = mail["port"].as_integer().expect("a mail port").to_string();
    let ports = &compose.services[host].ports;
    assert!(
        ports
            .iter()
            .any(|published| published.ends_with(&format!(":{port}")))
    );
    let link = settings["alerts"]["link_base_url"]
        .as_str()
        .expect("a link");
    let ui = compose.services["temporal-ui"].ports[0]
        .rsplit_once(':')
        .expect("a port")
        .0;
    assert!(
        link.starts_with(&format!("http://{ui}/")),
        "{link} is not the UI at {ui}"
    );
}

#[tokio::test]
async fn the_worker_may_read_the_ledger_and_nothing_else() -> anyhow::Result<()> {
    let server = Postgres::start().await?;
    server.execute(&read("examples/demo/ledger.sql")).await?;
    let reader = compose().configs["ledger-reader"]["content"].clone();
    server
        .execute(&with_defaults(reader.as_str().expect("SQL")))
        .await?;

    let url = server.url.replace("postgres@", "trueup_reader@");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let count: i64 = client
        .query_one("SELECT count(*) FROM payments", &[])
        .await?
        .get(0);
    assert!(count > 0, "the sample ledger is empty");
    let refused = client
        .batch_execute("DELETE FROM payments")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    drop(client);
    Ok(connection.await??)
}

#[test]
fn the_worker_starts_with_the_mounted_configuration_and_its_environment() {
    let worker = &compose().services["worker"];
    let folder = worker
        .volumes
        .iter()
        .find_map(|volume| {
            let mut parts = volume.split(':');
            let source = parts.next()?;
            (parts.next() == worker.environment.get("TRUEUP_CONFIG").map(String::as_str))
                .then(|| workspace().join(source))
        })
        .expect("TRUEUP_CONFIG is mounted");
    let mut check = Command::new(tests::trueup_program().expect("the program is built"));
    check.arg("check").env_clear();
    for (name, value) in &worker.environment {
        check.env(name, with_defaults(value));
    }
    let output = check
        .env("TRUEUP_CONFIG", folder)
        .output()
        .expect("trueup check runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let help = Command::new(tests::trueup_program().expect("the program is built"))
        .args(&worker.command)
        .arg("--help")
        .output()
        .expect("trueup runs");
    assert!(
        help.status.success(),
        "trueup has no command {:?}",
        worker.command
    );
}

#[test]
fn the_image_is_built_with_the_stated_compiler_and_runs_as_an_ordinary_user() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let compiler = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .expect("a version");
    let dockerfile = read("Dockerfile");
    assert!(
        dockerfile.contains(&format!("FROM rust:{compiler}-")),
        "not Rust {compiler}"
    );
    assert!(dockerfile.lines().any(|line| line == "USER trueup"));
    let ignored = read(".dockerignore");
    for member in manifest["workspace"]["members"]
        .as_array()
        .expect("members")
    {
        let name = member.as_str().expect("a name");
        let kept = ignored.lines().any(|line| line == format!("!{name}"));
        assert!(kept, ".dockerignore hides {name} from the build");
    }
}
