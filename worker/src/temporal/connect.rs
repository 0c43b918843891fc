//! Connecting by `trueup.toml` and Temporal's own standard environment, which wins.

use std::time::{Duration, Instant};

use activities::innermost;
use activities::vault::Vault;
use temporalio_client::envconfig::LoadClientConfigProfileOptions;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression};
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, PayloadConverter,
};

use super::TemporalError;
use crate::config::Temporal;

/// How long to wait for a server that does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// For a person at a terminal: say at once that it is down.
    None,
    /// For a server that was started just now: it takes connections before it answers.
    Starting,
    /// For a service: wait for ever, it will come back.
    Endless,
}

const PAUSE_MAX: Duration = Duration::from_secs(30);
/// A loaded machine may need many seconds for what usually takes a tenth of one.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
const PAUSE_OF_STARTING: Duration = Duration::from_millis(50);

/// A client for the configured server and namespace. Where the vault has keys, all that it and its
/// workers send is sealed: payloads, and the messages of failures.
///
/// # Errors
/// Wrong settings at once; an unreachable server at once, after a minute or never, by `patience`.
pub async fn connect(
    settings: &Temporal,
    vault: &Vault,
    patience: Patience,
) -> Result<Client, TemporalError> {
    let (connection, mut client) = options(settings)?;
    if vault.has_keys() {
        client.data_converter = sealing(vault);
    }
    let address = connection.target.to_string();
    let begun = Instant::now();
    let is_over = || match patience {
        Patience::None => true,
        Patience::Starting => begun.elapsed() > STARTS_WITHIN,
        Patience::Endless => false,
    };
    let mut pause = Duration::from_secs(1);
    loop {
        match Connection::connect(connection.clone()).await {
            Ok(connected) => {
                return Client::new(connected, client)
                    .map_err(|error| TemporalError::Settings(error.to_string()));
            }
            Err(error) if is_over() => {
                return Err(TemporalError::Unreachable {
                    address,
                    problem: innermost(&error),
                });
            }
            Err(_) if patience == Patience::Starting => {
                tokio::time::sleep(PAUSE_OF_STARTING).await;
            }
            Err(error) => {
                let problem = innermost(&error);
                tracing::warn!(address, problem, "Temporal does not answer, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

fn sealing(vault: &Vault) -> DataConverter {
    DataConverter::new(
        PayloadConverter::default(),
        DefaultFailureConverter::new(true),
        vault.payload_codec(),
    )
}

fn options(settings: &Temporal) -> Result<(ConnectionOptions, ClientOptions), TemporalError> {
    let profile = LoadClientConfigProfileOptions::default();
    let (mut connection, mut client) = ClientOptions::load_from_config(profile)
        .map_err(|error| TemporalError::Settings(error.to_string()))?;
    let set = |name: &str| std::env::var_os(name).is_some();
    let by_profile = set("TEMPORAL_PROFILE") || set("TEMPORAL_CONFIG_FILE");
    if !by_profile && !set("TEMPORAL_ADDRESS") {
        connection.target = format!("http://{}", settings.address)
            .parse()
            .map_err(|_| {
                TemporalError::Settings(format!("not an address: {}", settings.address))
            })?;
    }
    if !by_profile && !set("TEMPORAL_NAMESPACE") {
        client.namespace.clone_from(&settings.namespace);
    }
    connection.identity = format!("trueup-{}", std::process::id());
    // Our messages are small: to compress each, and to prepare for it, costs more than it saves.
    connection.grpc_compression = GrpcCompression::None;
    Ok((connection, client))
}
