//! Lists of charges that other processes make on this one's store, and revocations that all of them must know.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use http::StatusCode;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use xoxzo_2fa::{AsyncGuard, Charge, GuardError, GuardName, Total, Totals};
use xoxzo_2fa_core::choice;
use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::json::{Node, Object};

use super::reply;
use crate::answer::Answer;
use crate::ledger::{self, Ledger, PARTS};
use crate::seconds::{rounded_up, since_1970};

/// The path that takes lists.
pub(crate) const PATH: &str = "/v1/guard";

/// The path that takes a charge whose total all gates must know.
pub(crate) const REVOKE: &str = "/v1/revoke";

/// The path that gives the list of revocations.
pub(crate) const REVOCATIONS: &str = "/v1/revocations";

/// Time for which the id of a list is remembered.
const REMEMBERED: Duration = Duration::from_secs(120);

/// The most charges of a list.
pub(crate) const MOST: usize = 64;

choice! {
    /// The end of a list, in metrics and in the log.
    Outcome {
        /// Its charges were made.
        Made = "made",
        /// It came before, and was not made again.
        Again = "again",
        /// The store did not answer, or is full.
        Failed = "failed",
    }
}

/// A question about the store.
pub(crate) enum GuardQuestion {
    /// Make a list of charges.
    List(GuardList),
    /// Make a charge, and put its counter on the list of revocations.
    Revoke(GuardList),
    /// Give the revocations after a number.
    Revocations(u32),
}

impl GuardQuestion {
    /// Tells whether a path is one of such questions.
    pub(crate) fn is_at(path: &str) -> bool {
        [PATH, REVOKE, REVOCATIONS].contains(&path)
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// Path and kind of the first fault, and no value.
    pub(crate) fn read(path: &str, body: &[u8]) -> Result<Self, SchemaError> {
        let json = str::from_utf8(body).map_err(|_| SchemaError::new("not UTF-8"))?;
        // Bounds the number of values, and refuses names that are repeated.
        Node::parse(json).map_err(|(kind, _)| SchemaError::new(kind))?;
        let given = serde_json::from_str(json).map_err(|_| SchemaError::new("not JSON"))?;
        let (name, question) = match path {
            REVOKE => ("revoke", GuardList::revocation(&given).map(Self::Revoke)),
            REVOCATIONS => {
                let fields = fields(&given, &["since"]);
                let since = fields.and_then(|fields| whole(fields, "since"));
                ("revocations", since.map(Self::Revocations))
            }
            _ => ("guard", GuardList::of(&given).map(Self::List)),
        };
        question.map_err(|error| error.within(name))
    }
}

/// A list with its id: the store counts that first, so that the list is made once, whoever shares the store. Then come the counters of the store's id.
pub(crate) struct GuardList(Vec<Charge>);

/// Charges before those of the caller.
const OWN: usize = 1 + PARTS;

impl GuardList {
    fn of(given: &Value) -> Result<Self, SchemaError> {
        let list = fields(given, &["id", "charges"])?;
        let charges = list["charges"].as_array();
        let charges = charges.filter(|charges| charges.len() <= MOST);
        let charges = charges
            .ok_or(SchemaError::new("must be an array of at most 64 charges").within("charges"))?;
        let mut made = Self::begun(name(list, "id")?);
        for (at, given) in charges.iter().enumerate() {
            let charge = charge(given);
            let charge = charge.map_err(|error| error.within(&at.to_string()).within("charges"))?;
            made.0.push(charge);
        }
        Ok(made)
    }

    /// Reads a charge with an id. It raises its counter: a revocation that lowers one would be none.
    fn revocation(given: &Value) -> Result<Self, SchemaError> {
        let list = fields(given, &["id", "charge"])?;
        let mut made = Self::begun(name(list, "id")?);
        let charge = charge(&list["charge"]).map_err(|error| error.within("charge"))?;
        if charge.amount < 1 {
            return Err(SchemaError::new("must be above 0").within("charge.amount"));
        }
        made.0.push(charge);
        Ok(made)
    }

    fn begun(id: GuardName) -> Self {
        let mut charges = vec![Charge::new(marked(id), 1, 1, REMEMBERED)];
        charges.extend(ledger::id_looks());
        Self(charges)
    }

    /// Tells whether the list lowers a counter, and with it a limit that was nearly reached.
    pub(crate) fn lowers(&self) -> bool {
        self.0.iter().any(|charge| charge.amount < 0)
    }

    /// Makes the list, and answers as the store does, with the store's id.
    pub(crate) async fn make(&self, guard: &dyn AsyncGuard, ledger: &Ledger) -> (Outcome, Answer) {
        match self.charge(guard, ledger).await {
            Ok(made) => made.answer(),
            Err(error) => failed(&error),
        }
    }

    /// Makes the one charge, and puts its total on the list of revocations.
    pub(crate) async fn revoke(
        &self,
        guard: &dyn AsyncGuard,
        ledger: &Ledger,
    ) -> (Outcome, Answer) {
        let made = match self.charge(guard, ledger).await {
            Ok(made) => made,
            Err(error) => return failed(&error),
        };
        if let (Some(charge), Some(total)) = (self.0.get(OWN), made.totals.get(OWN))
            && let Err(error) = ledger.note(charge, total.total).await
        {
            return failed(&error);
        }
        made.answer()
    }

    async fn charge(&self, guard: &dyn AsyncGuard, ledger: &Ledger) -> Result<Made, GuardError> {
        let totals = guard.add(&self.0).await?;
        let id = match totals.get(1..OWN) {
            None => None,
            Some(parts) => match ledger::id(parts) {
                Some(id) => Some(id),
                // The store is new, or has lost a part of its counters.
                None => Some(ledger.id().await?),
            },
        };
        Ok(Made { totals, id })
    }
}

/// A list that the store has made, or has made before.
struct Made {
    totals: Totals,
    /// The store's id. `None`: its clock is behind, and it made no charge.
    id: Option<[u8; 16]>,
}

impl Made {
    fn answer(&self) -> (Outcome, Answer) {
        if self.totals.first().is_some_and(|marks| marks.total > 1) {
            let again = "guard.id: this list came before, and was not made again";
            let answer = reply::misuse(StatusCode::CONFLICT, again);
            return (Outcome::Again, answer);
        }
        let answer = reply::json(StatusCode::OK, self.counted());
        (Outcome::Made, answer)
    }

    /// Writes the totals without those before the caller's own: the arguments of `counted` in `wit/ASK.md`.
    fn counted(&self) -> String {
        Object::of("counted", |out| {
            let totals = self.totals.iter().skip(OWN);
            out.objects("totals", totals, |out, total: &Total| {
                out.number("total", total.total);
                out.number("ends_in_seconds", rounded_up(total.ends_in));
            });
            out.maybe_number("now_seconds", self.totals.now.map(since_1970));
            out.maybe_text(
                "fleet",
                self.id.map(|id| GuardName::new(id).to_string()).as_deref(),
            );
        })
    }
}

/// Answers with the revocations after a number.
pub(crate) async fn revocations(ledger: &Ledger, since: u32) -> (Outcome, Answer) {
    match ledger.since(since).await {
        Ok(page) => (Outcome::Made, reply::json(StatusCode::OK, page.write())),
        Err(error) => failed(&error),
    }
}

fn failed(error: &GuardError) -> (Outcome, Answer) {
    let answer = reply::json(StatusCode::SERVICE_UNAVAILABLE, unanswered(error));
    (Outcome::Failed, answer)
}

/// The counter of an id, which is no counter of the engine's.
fn marked(id: GuardName) -> GuardName {
    let mut hash = Sha256::new();
    hash.update("xoxzo-2fa guard list");
    hash.update(id.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    GuardName::new(std::array::from_fn(|at| hash[at]))
}

fn charge(given: &Value) -> Result<Charge, SchemaError> {
    let names = ["counter", "group", "amount", "limit", "ttl_seconds"];
    let charge = fields(given, &names)?;
    let number = |name: &str| whole(charge, name);
    let amount = charge["amount"]
        .as_i64()
        .and_then(|amount| i32::try_from(amount).ok());
    let amount =
        amount.ok_or(SchemaError::new("must be a whole number of 32 bits").within("amount"))?;
    let life = Duration::from_secs(number("ttl_seconds")?.into());
    let made = Charge::new(name(charge, "counter")?, amount, number("limit")?, life);
    Ok(made.in_group(name(charge, "group")?))
}

/// A number of 32 bits.
fn whole(fields: &Map<String, Value>, field: &str) -> Result<u32, SchemaError> {
    let number = fields[field].as_u64();
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or(SchemaError::new("must be a whole number of 32 bits from 0 on").within(field))
}

/// The fields of an object that has exactly these.
fn fields<'a>(given: &'a Value, names: &[&str]) -> Result<&'a Map<String, Value>, SchemaError> {
    let fields = given
        .as_object()
        .ok_or(SchemaError::new("must be an object"))?;
    if let Some(name) = names.iter().find(|name| !fields.contains_key(**name)) {
        return Err(SchemaError::new("is missing").within(name));
    }
    if fields.len() > names.len() {
        return Err(SchemaError::new("has a field that does not exist"));
    }
    Ok(fields)
}

/// 16 bytes in base64url.
fn name(fields: &Map<String, Value>, field: &str) -> Result<GuardName, SchemaError> {
    let mut bytes = [0; 16];
    let text = fields[field].as_str().unwrap_or_default();
    let decoded = Base64UrlUnpadded::decode(text, &mut bytes).map_or(0, <[u8]>::len);
    if decoded == bytes.len() {
        Ok(GuardName::new(bytes))
    } else {
        Err(SchemaError::new("must be 16 bytes in 22 characters of base64url").within(field))
    }
}

/// Writes why there are no totals. A caller tells `unanswered` with the same `no_answer`.
fn unanswered(error: &GuardError) -> String {
    Object::of("failure", |out| {
        out.text("blame", "upstream");
        out.text("code", "guard");
        out.text("detail", &error.to_string());
        let full = matches!(error, GuardError::Full);
        out.text(
            "no_answer",
            if full {
                "guard-full"
            } else {
                "guard-unreachable"
            },
        );
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AAECAwQFBgcICQoLDA0O_w";

    #[test]
    fn faults_name_their_place() {
        let charge = |change: (&str, &str)| {
            let mut fields = vec![
                ("counter", format!("\"{ID}\"")),
                ("group", format!("\"{ID}\"")),
                ("amount", "-1".to_string()),
                ("limit", "4294967295".to_string()),
                ("ttl_seconds", "60".to_string()),
            ];
            fields.retain(|(name, _)| *name != change.0);
            if !change.1.is_empty() {
                fields.push((change.0, change.1.to_string()));
            }
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            format!("{{\"id\":\"{ID}\",\"charges\":[{{{}}}]}}", fields.join(","))
        };
        let read = |path: &str, body: &str| match GuardQuestion::read(path, body.as_bytes()) {
            Ok(GuardQuestion::List(list) | GuardQuestion::Revoke(list)) => {
                format!("{} charges", list.0.len() - OWN)
            }
            Ok(GuardQuestion::Revocations(since)) => format!("after {since}"),
            Err(error) => error.path,
        };
        let fault = |body: &str| read(PATH, body);
        assert_eq!(fault(&charge(("amount", "-1"))), "1 charges");
        for (body, place) in [
            (charge(("amount", "1.5")), "guard.charges.0.amount"),
            (charge(("amount", "2147483648")), "guard.charges.0.amount"),
            (charge(("limit", "-1")), "guard.charges.0.limit"),
            (
                charge(("ttl_seconds", "4294967296")),
                "guard.charges.0.ttl_seconds",
            ),
            (charge(("counter", "\"AAEC\"")), "guard.charges.0.counter"),
            (charge(("group", "")), "guard.charges.0.group"),
            (charge(("extra", "1")), "guard.charges.0"),
            (
                format!("{{\"id\":\"{ID}\",\"charges\":{{}}}}"),
                "guard.charges",
            ),
            ("{\"charges\":[]}".to_string(), "guard.id"),
            ("[]".to_string(), "guard"),
            ("{".to_string(), ""),
        ] {
            assert_eq!(fault(&body), place, "{body}");
        }
        let many = charge(("amount", "1")).replace("[{", &format!("[{}{{", "{},".repeat(MOST)));
        assert_eq!(fault(&many), "guard.charges");
        let one = |amount: &str| {
            let list = charge(("amount", amount));
            list.replace("\"charges\":[", "\"charge\":")
                .replace("}]", "}")
        };
        for (path, body, told) in [
            (REVOKE, one("1"), "1 charges"),
            (REVOKE, one("0"), "revoke.charge.amount"),
            (REVOKE, one("-1"), "revoke.charge.amount"),
            (REVOKE, charge(("amount", "1")), "revoke.charge"),
            (
                REVOKE,
                format!("{{\"id\":\"{ID}\",\"charge\":[]}}"),
                "revoke.charge",
            ),
            (REVOCATIONS, "{\"since\":7}".to_string(), "after 7"),
            (
                REVOCATIONS,
                "{\"since\":-7}".to_string(),
                "revocations.since",
            ),
            (REVOCATIONS, "{}".to_string(), "revocations.since"),
            (
                REVOCATIONS,
                "{\"since\":0,\"id\":1}".to_string(),
                "revocations",
            ),
        ] {
            assert_eq!(read(path, &body), told, "{path} {body}");
        }
    }
}
