//! What is there instead of a file that is missing: names for the message, nothing more.

/// How many names a message shows.
const SHOWN_MAX: usize = 5;

/// The names that share most with `wanted` at their beginning and end.
pub(super) fn nearest(wanted: &str, mut names: Vec<String>) -> Vec<String> {
    let likeness = |name: &str| {
        let pairs = wanted.chars().zip(name.chars());
        let beginning = pairs.take_while(|(a, b)| a == b).count();
        let pairs = wanted.chars().rev().zip(name.chars().rev());
        beginning + pairs.take_while(|(a, b)| a == b).count()
    };
    names.retain(|name| likeness(name) > 0);
    names.sort_by(|a, b| likeness(b).cmp(&likeness(a)).then_with(|| a.cmp(b)));
    names.truncate(SHOWN_MAX);
    names
}

/// The end of a message about a missing file.
pub(super) fn sentence(near: &[String]) -> String {
    match near {
        [] => "nothing there comes close".to_owned(),
        names => format!("closest there: {}", names.join(", ")),
    }
}
