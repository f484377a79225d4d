//! A configuration with places: `{{name}}` is a value, and a line may begin with the condition under which it is printed.

use std::str::FromStr;

/// Values of a template.
#[derive(Clone, Default)]
pub(crate) struct Template {
    conditions: Vec<(&'static str, bool)>,
    places: Vec<(&'static str, String)>,
}

impl Template {
    /// Adds a condition. Lines that begin with `?yes` are printed if it holds, and those that begin with `?no` otherwise.
    pub(crate) fn either(mut self, yes: &'static str, no: &'static str, holds: bool) -> Self {
        self.conditions.extend([(yes, holds), (no, !holds)]);
        self
    }

    /// Adds a value. In a line of its own it may have several lines, which are indented as the place is.
    pub(crate) fn with(mut self, place: &'static str, value: impl Into<String>) -> Self {
        self.places.push((place, value.into()));
        self
    }

    /// Fills a text in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let lines = text.lines().filter_map(|line| self.chosen(line));
        lines.map(|line| self.line(line)).collect()
    }

    /// A line without the condition that it begins with, if that holds.
    fn chosen<'a>(&self, line: &'a str) -> Option<&'a str> {
        let Some(rest) = line.strip_prefix('?') else {
            return Some(line);
        };
        let of_this = self.conditions.iter().filter_map(|(name, holds)| {
            let rest = rest.strip_prefix(name)?;
            Some((rest, *holds))
        });
        // Of `port` and `ports`, the one that is meant leaves less.
        let found = of_this.min_by_key(|(rest, _)| rest.len());
        match found {
            Some((rest, holds)) => holds.then_some(rest),
            None => Some(line),
        }
    }

    fn line(&self, line: &str) -> String {
        let indent = &line[..line.len() - line.trim_start().len()];
        let name = line
            .trim_start()
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        let whole = self.places.iter().find(|(place, _)| Some(*place) == name);
        if let Some((_, value)) = whole {
            let lines = value.lines();
            return lines.map(|line| [indent, line, "\n"].concat()).collect();
        }
        let filled = self
            .places
            .iter()
            .fold(line.to_string(), |line, (place, value)| {
                line.replace(&["{{", place, "}}"].concat(), value)
            });
        filled + "\n"
    }
}

/// An absolute path that is one word in every configuration, and nothing more.
#[derive(Clone, Debug)]
pub(crate) struct File(pub(crate) String);

impl FromStr for File {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        if !text.starts_with('/') || !text.bytes().all(fits) {
            return Err(
                "the path must begin with a slash, and have only letters, digits, slashes, dots, hyphens and underscores",
            );
        }
        Ok(Self(text.to_string()))
    }
}

/// A name that is one word in every configuration, and nothing more.
#[derive(Clone, Debug)]
pub(crate) struct Word(pub(crate) String);

impl FromStr for Word {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:@".contains(&byte);
        if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) || !text.bytes().all(fits)
        {
            return Err(
                "it must begin with a letter or digit, and have only letters, digits and / . _ - : @",
            );
        }
        Ok(Self(text.to_string()))
    }
}

/// Tells whether a text is a name or an IPv4 address.
pub(crate) fn is_host(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// An origin: `https://` and a host, or `http://` and this machine.
pub(crate) struct Origin<'a> {
    pub(crate) text: &'a str,
    pub(crate) tls: bool,
    pub(crate) host: &'a str,
    pub(crate) port: &'a str,
}

impl<'a> Origin<'a> {
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (tls, default) = match scheme {
            "https" => (true, "443"),
            "http" => (false, "80"),
            _ => return None,
        };
        let (host, port) = rest.split_once(':').unwrap_or((rest, default));
        let fits = is_host(host) && (tls || ["localhost", "127.0.0.1"].contains(&host));
        (fits && port.parse::<u16>().is_ok()).then_some(Self {
            text,
            tls,
            host,
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_lines_and_conditions_choose() {
        let template = Template::default()
            .either("one", "other", true)
            .either("on", "off", false)
            .with("list", "- a\n- b: 1\n  c: 2\n")
            .with("name", "x");
        let text = "?one  first: {{name}}{{name}}\n?other  second\nlist:\n  {{list}}\nend {{none}}\n?none\n";
        let filled = "  first: xx\nlist:\n  - a\n  - b: 1\n    c: 2\nend {{none}}\n?none\n";
        assert_eq!(template.fill(text), filled);
    }

    #[test]
    fn words_are_words() {
        for word in [
            "a",
            "0",
            "registry.example:5000/team/image@sha256:00",
            "a-b_c.d",
        ] {
            assert!(word.parse::<Word>().is_ok(), "{word}");
        }
        for text in [
            "", " ", "-a", "/a", "a b", "a\n", "a\"", "a'", "a{", "a,", "a#", "é",
        ] {
            assert!(text.parse::<Word>().is_err(), "{text}");
        }
    }
}
