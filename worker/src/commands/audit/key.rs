//! `trueup audit key`: a new signing key.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use activities::audit::Signer;
use anyhow::Context;
use serde_json::json;

use crate::exit::Exit;
use crate::output::say;

/// Only who owns it may read it.
const OWNER_ONLY: u32 = 0o600;

/// Makes a key pair: the signing key goes to a file that only you can read, the public key is said
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The file to write the signing key to; one that is there is not touched
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes it.
pub(super) fn make(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let path = arguments.out.display();
    let (signer, secret) = Signer::generate()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY);
    let file = options.open(&arguments.out);
    let mut file = file.with_context(|| format!("can't make {path}"))?;
    writeln!(file, "{secret}").with_context(|| format!("can't write {path}"))?;
    let key = signer.public_key();
    if json {
        let answer = json!({ "id": key.id(), "public_key": key.to_string() });
        say!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(Exit::Clean);
    }
    say!("The signing key is in {path}. Keep a copy where the store's keepers have no access.");
    say!();
    say!("[audit]");
    say!("signing_key_file = \"{path}\"");
    say!("public_keys = {{ {} = \"{key}\" }}", key.id());
    Ok(Exit::Clean)
}
