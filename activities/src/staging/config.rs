//! What the configuration says about the object store. Credentials are never in it.

use serde::Deserialize;

/// Where sealed inputs and staged records are kept: `[staging]` in `trueup.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StagingConfig {
    /// A folder, or `s3://bucket/prefix`. S3 credentials and region come from the standard AWS
    /// environment.
    pub url: String,
    /// Another service that speaks S3: its address, for path-style requests.
    pub endpoint: Option<String>,
    /// The region, when it is not the one of the environment.
    pub region: Option<String>,
    /// Lets `endpoint` be `http://`: for a service on this machine or in a closed network.
    pub allow_http: bool,
    /// Longest time for one request to S3, from connecting to the last byte.
    pub request_timeout_seconds: u32,
    /// Largest object that is read or written.
    pub object_bytes_max: u64,
}

impl Default for StagingConfig {
    fn default() -> Self {
        StagingConfig {
            url: "data/staging".to_owned(),
            endpoint: None,
            region: None,
            allow_http: false,
            request_timeout_seconds: 300,
            object_bytes_max: 1 << 30,
        }
    }
}
