//! What an admin sees who made a mistake.

use touchtone::config::{Loaded, Refused, check};
use touchtone::diagnostic::Style;

/// What `touchtone check` says.
pub(crate) fn said(outcome: &Result<Loaded, Refused>) -> String {
    check::findings(outcome, check::Format::Text(Style::default())) + &check::summary(outcome) + "\n"
}

/// A snapshot of what `said_of`, where it is used, says of a text.
macro_rules! mistakes {
    ($($name:ident: $text:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said_of($text)) });
        })*
    };
}
