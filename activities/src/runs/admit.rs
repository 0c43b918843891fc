//! Whether a request is about a source that exists.

use domain::policy::RunContext;
use workflows::failure;
use workflows::ports::{Opening, Run};

use crate::Trueup;
use crate::failures::Failure;
use crate::source::Source;

pub(crate) fn admit(trueup: &Trueup, input: &Opening) -> Result<(), Failure> {
    source(trueup, &input.run).map(|_| ())
}

/// The source of a run.
pub(crate) fn source<'t>(trueup: &'t Trueup, run: &Run) -> Result<&'t Source, Failure> {
    configured(trueup, &run.request.source)
}

/// The source of this name.
pub(crate) fn configured<'t>(trueup: &'t Trueup, name: &str) -> Result<&'t Source, Failure> {
    trueup.sources.get(name).ok_or_else(|| {
        let known: Vec<&str> = trueup.sources.keys().map(String::as_str).collect();
        let known = known.join(", ");
        Failure::last(
            failure::UNKNOWN_SOURCE,
            format!("field `source`: no source `{name}` is configured; known are: {known}"),
        )
    })
}

/// Date and scope of a run, which its workflow has checked already.
pub(crate) fn context(run: &Run) -> Result<RunContext, Failure> {
    proto::convert::run_context(&run.request)
        .map_err(|error| Failure::last(failure::INVALID_INPUT, error))
}
