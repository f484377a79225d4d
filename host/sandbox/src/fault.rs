//! Faults on purpose: one table of numbers, for this crate, its README and the tests of others.

macro_rules! faults {
    ($($name:ident $number:literal $text:literal $takes:literal $about:literal),* $(,)?) => {
        /// A fault that a recipient's number asks the sandbox for. Such numbers mean nothing to Xoxzo.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $about] $name,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number that causes it, in E.164.
            #[must_use]
            pub fn recipient(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("+8190000000", $number),)*
                }
            }

            /// Its name, such as `lost-reply`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Describes the fault in a line.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about,)*
                }
            }

            /// Tells whether the message is taken and gets into the inbox.
            #[must_use]
            pub fn takes(self) -> bool {
                match self {
                    $(Self::$name => $takes,)*
                }
            }
        }
    };
}

faults! {
    Reset "10" "reset" false "The connection is reset before an answer.",
    Hang "11" "hang" false "There is never an answer.",
    Slow "12" "slow" true "The answer comes after 3 s.",
    LostReply "13" "lost-reply" true "Taken, then the connection is closed without an answer.",
    Truncated "14" "truncated" true "Taken, then the connection is closed within the answer.",
    Huge "15" "huge" true "Taken, with an answer of 1 MiB.",
    BadJson "16" "bad-json" true "Taken, with an answer that is half of its JSON.",
    Redirect "17" "redirect" false "302 to another host.",
    ServerErrorHtml "18" "server-error-html" false "500 with a page.",
    BadGateway "19" "bad-gateway" false "504 with a page, as a proxy gives it.",
    NotFoundHtml "20" "not-found-html" false "404 with a page.",
    Refused "21" "refused" false "400 with `recipient`.",
    Unauthorized "22" "unauthorized" false "401 with `detail`.",
    Forbidden "23" "forbidden" false "403 with `detail`.",
    NoCredits "24" "no-credits" false "400 with `non_field_errors`.",
    Throttled "25" "throttled" false "429 with `Retry-After: 7`.",
    ThrottledInDetail "26" "throttled-in-detail" false "429 with the 7 seconds in `detail` only.",
    ThrottledSilently "27" "throttled-silently" false "429 with an empty object.",
    Failed "40" "failed" true "Delivery ends in `FAILED`; a call likewise.",
    Fail "41" "fail" true "Delivery ends in `FAIL`; a call in `NO ANSWER`.",
    Ok "42" "ok" true "Delivery ends in `OK`.",
    Stuck "43" "stuck" true "Delivery stays at `DELIVERING`; a call at `IN PROGRESS`.",
    UnknownState "44" "unknown-state" true "Delivery ends in `PONDERING`, which no page knows.",
    StateError "45" "state-error" true "Questions about the message are answered with 500 and a page.",
    StateLost "46" "state-lost" true "Questions about the message are answered with 404 and a page.",
    DuplicateCallbacks "47" "duplicate-callbacks" true "Every callback comes twice.",
    UnorderedCallbacks "48" "unordered-callbacks" true "The last callback comes first.",
}

impl Fault {
    /// The fault that a recipient causes.
    #[must_use]
    pub fn of(recipient: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|fault| fault.recipient() == recipient)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_number_and_a_name_of_its_own() {
        let of = |text: fn(Fault) -> &'static str| {
            Fault::ALL
                .iter()
                .map(|fault| text(*fault))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(of(Fault::recipient).len(), Fault::ALL.len());
        assert_eq!(of(Fault::name).len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(Fault::of(fault.recipient()), Some(*fault));
            assert_eq!(fault.recipient().len(), 13);
        }
        assert_eq!(Fault::of("+819012345678"), None);
    }

    #[test]
    fn the_readme_lists_all_of_them() {
        const README: &str = include_str!("../README.md");
        for fault in Fault::ALL {
            let row = format!(
                "| `{}` | `{}` | {} |",
                fault.recipient(),
                fault.name(),
                fault.about()
            );
            assert!(README.contains(&row), "missing in README.md: {row}");
        }
    }
}
