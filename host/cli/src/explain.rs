//! `explain`: the text for end users after a failure.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use xoxzo_2fa::{Code, Explanation};

use crate::answer;
use crate::output::say;
use crate::report::Fault;

/// The languages of the texts.
const LOCALES: [&str; 10] = [
    "en", "ja", "id", "ms", "vi", "th", "zh-Hans", "zh-Hant", "ko", "es",
];

/// Tries and waits that are worded differently, by grammar or unit.
const TRIES: [u32; 3] = [0, 1, 2];
const WAITS: [u64; 6] = [1, 30, 60, 120, 3_600, 7_200];

fn codes() -> PossibleValuesParser {
    Code::ALL.iter().map(|code| code.as_str()).into()
}

#[derive(Args)]
pub(crate) struct Explain {
    /// Code of the failure.
    #[arg(value_parser = codes(), required_unless_present = "all", hide_possible_values = true)]
    code: Option<String>,
    /// Language: en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko or es. If absent, en, or with --all every language.
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Tries that the challenge still has.
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    guesses_left: Option<u32>,
    /// Seconds until trying again can work.
    #[arg(long, value_name = "SECONDS", conflicts_with = "all")]
    retry_after: Option<u32>,
    /// Print the texts of every code, or of the given one, with each number of tries and each wait that is worded differently.
    #[arg(long)]
    all: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The parts of a failure that its text depends on, and that text.
struct Case {
    code: Code,
    guesses_left: Option<u32>,
    retry_after: Option<Duration>,
    locale: String,
    told: Explanation,
}

impl Explain {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let wanted = |code: &&Code| self.code.as_ref().is_none_or(|own| code.as_str() == own);
        let codes: Vec<Code> = Code::ALL.iter().filter(wanted).copied().collect();
        if self.all {
            let cases = self.every_case(&codes)?;
            if self.json {
                let all = Value::from_iter(cases.iter().map(Case::to_json));
                say!("{}", answer::line("explanations", all));
            } else {
                cases.iter().try_for_each(Case::print)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let locale = self.locale.as_deref().unwrap_or(LOCALES[0]);
        for code in codes {
            let wait = self
                .retry_after
                .map(|wait| Duration::from_secs(wait.into()));
            let case = Case::new(code, self.guesses_left, wait, locale)?;
            if self.json {
                say!("{}", answer::line("explanation", case.to_json()));
            } else {
                say!("{}", case.told.text);
                say!("offers: {}", case.offers());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn every_case(&self, codes: &[Code]) -> Result<Vec<Case>, Fault> {
        let own = self.locale.as_deref().map(|locale| vec![locale]);
        let mut cases = Vec::new();
        for locale in own.unwrap_or(LOCALES.to_vec()) {
            for code in codes {
                let plain = Case::new(*code, None, None, locale)?;
                let tries = TRIES.map(|left| (Some(left), None));
                let waits = WAITS.map(|wait| (None, Some(Duration::from_secs(wait))));
                let mut others = Vec::new();
                for (left, wait) in tries.into_iter().chain(waits) {
                    let case = Case::new(*code, left, wait, locale)?;
                    if case.told != plain.told {
                        others.push(case);
                    }
                }
                cases.push(plain);
                cases.extend(others);
            }
        }
        Ok(cases)
    }
}

impl Case {
    fn new(
        code: Code,
        guesses_left: Option<u32>,
        retry_after: Option<Duration>,
        locale: &str,
    ) -> Result<Self, Fault> {
        Ok(Self {
            code,
            guesses_left,
            retry_after,
            locale: locale.to_string(),
            told: xoxzo_2fa::explain(code, guesses_left, retry_after, locale)?,
        })
    }

    fn offers(&self) -> String {
        let names: Vec<_> = self
            .told
            .offers
            .iter()
            .map(|offer| offer.as_str())
            .collect();
        if names.is_empty() {
            return "none".to_string();
        }
        names.join(", ")
    }

    fn to_json(&self) -> Value {
        let offers: Vec<_> = self
            .told
            .offers
            .iter()
            .map(|offer| offer.as_str())
            .collect();
        json!({
            "code": self.code.as_str(), "guesses_left": self.guesses_left,
            "retry_after_seconds": self.retry_after.map(|wait| wait.as_secs()), "locale": self.locale, "text": self.told.text, "offers": offers,
        })
    }

    fn print(&self) -> Result<(), Fault> {
        let case = match (self.guesses_left, self.retry_after) {
            (Some(left), _) => format!(" {left} left"),
            (None, Some(wait)) => format!(" {} s", wait.as_secs()),
            (None, None) => String::new(),
        };
        let name = self.code.as_str();
        say!(
            "{:<8} {:<22} {}",
            self.locale,
            format!("{name}{case}"),
            self.told.text
        );
        say!("{:<8} {:<22} offers: {}", "", "", self.offers());
        Ok(())
    }
}
