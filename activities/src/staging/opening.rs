//! Opening the object store: a folder, or a bucket.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

use super::StagingConfig;

pub(super) fn open_folder(folder: &FilePath) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    // What a sealed input was read from may be gone tomorrow: it must survive a power cut.
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())?;
    Ok((Arc::new(store.with_fsync(true)), Path::default()))
}

pub(super) fn open_s3(
    config: &StagingConfig,
    location: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
    if bucket.is_empty() {
        return Err("there is no bucket; write s3://bucket/prefix".to_owned());
    }
    let prefix = Path::parse(prefix).map_err(|error| error.to_string())?;
    let timeout = Duration::from_secs(u64::from(config.request_timeout_seconds));
    let client = ClientOptions::new()
        .with_timeout(timeout)
        .with_allow_http(config.allow_http);
    // Bridges a hiccup of one connection. Outages are waited for by the workflow.
    let retries = RetryConfig {
        max_retries: 2,
        retry_timeout: timeout,
        ..Default::default()
    };
    // Its HTTP client takes the process's cryptography. Whoever chose one before us is left alone.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::new();
    for (name, value) in environment {
        let name = name.starts_with("AWS_").then(|| name.to_ascii_lowercase());
        if let Some(Ok(key)) = name.map(|name| name.parse::<AmazonS3ConfigKey>()) {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder
        .with_bucket_name(bucket)
        .with_client_options(client)
        .with_retry(retries);
    if let Some(endpoint) = &config.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(false);
    }
    if let Some(region) = &config.region {
        builder = builder.with_region(region);
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok((Arc::new(store), prefix))
}
