//! Who may ask the codec server: who presents the token, and pages of the configured UI.

use activities::vault::Token;
use hyper::HeaderMap;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, HeaderValue, ORIGIN, VARY,
};

/// Headers that the Temporal UI sends.
const UI_HEADERS: &str = "authorization, content-type, x-namespace";

/// The token and the origins.
pub(crate) struct Guard {
    /// What to present; nothing, where everybody on this machine may ask.
    pub(crate) token: Option<Token>,
    /// Where pages may ask from.
    pub(crate) origins: Vec<String>,
}

impl Guard {
    /// Whether who sends these headers may ask. A page of another origin may not, whatever it
    /// presents.
    pub(crate) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let is_ours = headers.get(ORIGIN).is_none_or(|origin| self.knows(origin));
        let presented = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let presented = presented.and_then(bearer).unwrap_or_default();
        is_ours && self.token.as_ref().is_none_or(|token| token.is(presented))
    }

    /// What lets the browser show the answer to a page that may ask.
    pub(crate) fn shared_with(&self, headers: &HeaderMap) -> HeaderMap {
        let mut shared = HeaderMap::new();
        shared.insert(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = headers.get(ORIGIN).filter(|origin| self.knows(origin)) {
            shared.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let fixed = [
                (ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
                (ACCESS_CONTROL_ALLOW_HEADERS, UI_HEADERS),
                (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
            ];
            shared.extend(fixed.map(|(name, text)| (name, HeaderValue::from_static(text))));
        }
        shared
    }

    fn knows(&self, origin: &HeaderValue) -> bool {
        self.origins
            .iter()
            .any(|known| known.as_bytes() == origin.as_bytes())
    }
}

/// The token of `Bearer <token>`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
