//! `trueup codec`: lets the Temporal UI and `temporal --codec-endpoint` show what is sealed.

use std::net::SocketAddr;

use activities::vault::Token;
use anyhow::{Context, ensure};
use tokio::net::TcpListener;

use crate::codec::{CodecServer, Guard, is_private};
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::process::Interruption;
use crate::wiring;

/// Shows sealed payloads to those allowed.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Where to listen; port 0 for a free one. Other than on this machine only with a token
    #[arg(long, default_value = "127.0.0.1:8234", value_name = "IP:PORT")]
    listen: SocketAddr,
}

/// Answers until SIGINT or SIGTERM.
///
/// # Errors
/// No key ring, an address that others reach and no token, or an address that is taken.
pub async fn run(configuration: &Configuration, arguments: &Arguments) -> anyhow::Result<Exit> {
    let vault = wiring::vault(configuration)?;
    ensure!(
        vault.has_keys(),
        "nothing is encrypted here: [encryption] in trueup.toml names no key ring"
    );
    let token = token(configuration)?;
    ensure!(
        token.is_some() || is_private(arguments.listen),
        "{} can be reached from other machines: set codec_token_env in [encryption], or listen on \
         127.0.0.1",
        arguments.listen
    );
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("can't listen on {}", arguments.listen))?;
    say!("codec server on http://{}", listener.local_addr()?);
    let server = CodecServer {
        codec: vault.payload_codec(),
        guard: Guard {
            token,
            origins: configuration.encryption.ui_origins.clone(),
        },
    };
    let mut interruption = Interruption::listen()?;
    tokio::select! {
        never = server.serve(listener) => match never {},
        () = interruption.wait() => Ok(Exit::Clean),
    }
}

/// The token to present; none when none is configured.
fn token(configuration: &Configuration) -> anyhow::Result<Option<Token>> {
    let Some(name) = &configuration.encryption.codec_token_env else {
        return Ok(None);
    };
    let secret = std::env::var(name)
        .ok()
        .filter(|secret| !secret.trim().is_empty());
    let secret = secret.with_context(|| format!("the environment variable {name} is not set"))?;
    Ok(Some(Token::new(secret.trim())?))
}
