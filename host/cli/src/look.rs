//! `check` and `preview`: inspection of settings before they are used.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use xoxzo_2fa::{Finding, Scope, Standing};

use crate::account::Source;
use crate::answer;
use crate::bound::Payment;
use crate::output::{note, say};
use crate::report::Fault;
use crate::spelling;

/// Credits for a part to a Japanese number (help.xoxzo.com, "pre vs postpay"). Other countries have other prices.
const CREDITS: u32 = 10;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Standard {
    /// NIST SP 800-63B-4.
    Nist,
    /// OWASP ASVS 5.0.
    Asvs,
    /// The RTS of PSD2 on strong customer authentication, for payments in the EU.
    Psd2,
}

impl Standard {
    /// Tells whether it is the standard of a rule.
    fn has(self, rule: &str) -> bool {
        rule.starts_with(match self {
            Self::Nist => "nist-",
            Self::Asvs => "asvs-",
            Self::Psd2 => "psd2-",
        })
    }
}

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    source: Source,
    /// Report this standard only. Can be repeated. If absent, all.
    #[arg(long = "standard", value_name = "NAME", value_enum)]
    standards: Vec<Standard>,
    /// Check the settings for counters in memory, which end with the process, instead of a store that lasts.
    #[arg(long)]
    in_memory: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Check {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let scope = if self.in_memory {
            Scope::Process
        } else {
            Scope::Shared
        };
        let checked = xoxzo_2fa::check(&self.source.settings()?, scope);
        let checked = checked.map_err(|error| self.source.located(error))?;
        let effective: Value = serde_json::from_str(checked.effective_settings())
            .map_err(|error| Fault::Around(error.to_string()))?;
        let mut findings = checked.compliance();
        findings.retain(|finding| {
            let mut standards = self.standards.iter();
            self.standards.is_empty() || standards.any(|it| it.has(&finding.id))
        });
        findings.sort_by_key(|finding| (finding.standing, !finding.must));
        if self.json {
            let findings = findings.iter().map(|finding| {
                json!({
                    "id": finding.id, "source": finding.source, "must": finding.must, "text": finding.text,
                    "standing": finding.standing.as_str(), "advice": finding.advice, "fields": finding.fields,
                })
            });
            let report = json!({
                "effective": effective, "warnings": checked.warnings(), "compliance": Value::from_iter(findings),
                "odds": Value::from_iter(checked.odds().iter().map(|odds| {
                    json!({
                        "id": odds.id, "text": odds.text, "guesses": odds.guesses, "alarmed_guesses": odds.alarmed_guesses,
                        "expected": odds.expected,
                    })
                })),
                "honest_failures": checked.honest_failures().0,
            });
            say!("{}", answer::line("checked", report));
        } else {
            let (broken, others): (Vec<_>, Vec<_>) = findings
                .iter()
                .partition(|finding| finding.standing == Standing::NotMet);
            broken.into_iter().try_for_each(|it| self.tell(it))?;
            for warning in checked
                .warnings()
                .iter()
                .chain(&spelling::strange_variables())
            {
                note!("warning: {warning}");
            }
            others.into_iter().try_for_each(|it| self.tell(it))?;
            for odds in checked.odds() {
                say!(
                    "odds     {:<12} {:>8} guesses, {:>9.2e} expected to get in: {}",
                    odds.id,
                    odds.guesses + odds.alarmed_guesses,
                    odds.expected,
                    odds.text
                );
            }
            let (honest, alarm) = checked.honest_failures();
            say!(
                "honest   {honest} failures per window if every 20th code is mistyped; the alarm is raised above {alarm}"
            );
            say!("{effective:#}");
        }
        let broken = findings
            .iter()
            .any(|finding| finding.must && finding.standing == Standing::NotMet);
        Ok(ExitCode::from(u8::from(broken)))
    }

    fn tell(&self, finding: &Finding) -> Result<(), Fault> {
        let level = if finding.must { "MUST" } else { "SHOULD" };
        say!(
            "{:<8} {level:<6} {}: {}",
            finding.standing.as_str(),
            finding.source,
            finding.text
        );
        let fields = finding.fields.iter();
        let places: BTreeSet<_> = fields.map(|field| self.source.place(field)).collect();
        let places: Vec<_> = places.into_iter().collect();
        match (&finding.advice, &places[..]) {
            (Some(advice), []) => say!("                {advice}"),
            (Some(advice), places) => say!("                {advice}: {}", places.join(", ")),
            (None, _) => {}
        }
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct Preview {
    /// Purpose whose texts are shown. If absent, the first in the settings.
    #[arg(long)]
    purpose: Option<String>,
    #[command(flatten)]
    payment: Payment,
    #[command(flatten)]
    source: Source,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Preview {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let checked = xoxzo_2fa::check(&self.source.settings()?, Scope::Shared);
        let checked = checked.map_err(|error| self.source.located(error))?;
        let payment = self.payment.transaction();
        let previews = checked.preview(self.purpose.as_deref(), payment.as_ref())?;
        if self.json {
            let entries = previews.iter().map(|preview| {
                json!({
                    "locale": preview.locale, "text": preview.text, "parts": preview.parts,
                    "units": units(&preview.text), "credits_in_japan": preview.parts * CREDITS, "call": preview.call,
                })
            });
            let entries = json!({"previews": Value::from_iter(entries)});
            say!("{}", answer::line("previews", entries));
            return Ok(ExitCode::SUCCESS);
        }
        for preview in &previews {
            let (parts, units) = (preview.parts, units(&preview.text));
            say!(
                "{}: {parts} {} of {units} characters, {} credits to Japan",
                preview.locale,
                if parts == 1 { "part" } else { "parts" },
                parts * CREDITS,
            );
            for line in preview.text.lines() {
                say!("    {line}");
            }
            say!("    call: {}", preview.call);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Counts characters as they are billed, in UTF-16 units.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
