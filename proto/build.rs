//! Compiles every `.proto` under `proto/` to Rust, without `protoc`, and gives the messages that
//! people or the store see as JSON their serde derives.

use std::error::Error;
use std::path::{Path, PathBuf};

/// Where the contracts are, and what their imports are relative to.
const ROOT: &str = "proto";

/// Typed by people (`temporal workflow start --input '{…}'`): a key we don't know is an error that
/// names it, and a key that is left out has its proto3 default.
const STRICT_JSON: &str = "#[derive(serde::Serialize, serde::Deserialize)] \
    #[serde(default, deny_unknown_fields)]";

/// Written and read by ourselves, possibly by two versions: keys we don't know yet are skipped.
const OPEN_JSON: &str = "#[derive(serde::Serialize, serde::Deserialize)] #[serde(default)]";

/// Enums and oneofs: the names of the contract, in JSON's customary form.
const JSON_ENUM: &str = "#[derive(serde::Serialize, serde::Deserialize)] \
    #[serde(rename_all = \"snake_case\")]";

/// Which files have a JSON form. All others are protobuf only.
const WITH_JSON: [(&str, &str); 2] = [
    ("trueup/v1/reconciliation.proto", STRICT_JSON),
    ("trueup/v1/staged.proto", OPEN_JSON),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let mut files = Vec::new();
    find_proto_files(Path::new(ROOT), &mut files)?;
    // The order of the file system must not decide about the generated code.
    files.sort();
    let descriptors = protox::compile(files, [ROOT])?;

    let mut config = prost_build::Config::new();
    // The order of a map must not decide about JSON or bytes.
    config.btree_map(["."]);
    for file in &descriptors.file {
        let Some((_, json)) = WITH_JSON.iter().find(|(name, _)| *name == file.name()) else {
            continue;
        };
        for message in &file.message_type {
            let path = format!(".{}.{}", file.package(), message.name());
            config.message_attribute(&path, *json);
            config.enum_attribute(&path, JSON_ENUM);
            // What is not there is left out of the JSON, rather than `null`.
            for field in message.field.iter().filter(|field| field.proto3_optional()) {
                let path = format!("{path}.{}", field.name());
                config.field_attribute(path, "#[serde(skip_serializing_if = \"Option::is_none\")]");
            }
        }
        for enumeration in &file.enum_type {
            let path = format!(".{}.{}", file.package(), enumeration.name());
            config.enum_attribute(path, JSON_ENUM);
        }
    }
    config.compile_fds(descriptors)?;
    Ok(())
}

fn find_proto_files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_proto_files(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
    Ok(())
}
