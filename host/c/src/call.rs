//! Every function as text: a question in JSON, and its answer.

mod question;

use std::ffi::{CStr, CString, c_char};

use serde_json::Value;
use xoxzo_2fa::{
    Beside, JsonAnswer, Operator, Pin, Token, check, check_receipt, explain, inspect, keygen,
    receipt_key, request_key, sign_request,
};
use zeroize::Zeroize;

use self::question::Fields;
use crate::client::{set_up, x2f_client};
use crate::event;
use crate::fault::{Fault, caught, x2f_outcome};
use crate::operations::code;

/// Bytes of the longest question.
const LONGEST: usize = 100 * 1024;

/// The operator of a question that names none.
const UNNAMED: &str = "unnamed";

/// Asks a question in JSON, and returns the answer, which x2f_free() frees. For languages whose FFI makes structs hard.
///
/// Questions and answers are those of wit/ASK.md, except that an operation is done when it is answered: `start`, `resend`, `verify`, `status`, `unlock`,
/// `limits`, `credits`, `explain`, `preview`, `trail_of`, `index_of`, `check_receipt`, `inspect`, `keygen`, `receipt_key`, `request_key`
/// and `sign_request`; and `ready`, without arguments, which does what x2f_ready() does. Those of operators may have `operator`, the name in the event.
/// With `event` an operation's answer has its event beside the other fields, as wit/SPEC.md describes it. `client` may be NULL for `explain`,
/// `check_receipt`, `inspect` and those that make or use keys.
///
/// The answer is an object with one field. For `verify` nothing but `accepted` lets a user in: it has the `subject` of the binding beside its other
/// fields. What is no such question is answered with a failure, `misuse`. Returns NULL only if there is no memory.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_call(
    client: *const x2f_client,
    question: *const c_char,
) -> *mut c_char {
    let answered = caught(|| {
        set_up();
        if question.is_null() {
            return Err(Fault::null("question"));
        }
        // SAFETY: the header's rules for arguments.
        let (client, question) = unsafe { (client.as_ref(), CStr::from_ptr(question)) };
        Ok(answered(client, question.to_bytes()))
    });
    let answer = answered.unwrap_or_else(|fault| failed(&fault, Told::default()));
    CString::new(answer).unwrap_or_default().into_raw()
}

/// Wipes and frees an answer of x2f_call(). Does nothing for NULL.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_free(answer: *mut c_char) {
    if !answer.is_null() {
        // SAFETY: it was made by x2f_call, and is not used any more.
        let answer = unsafe { CString::from_raw(answer) };
        answer.into_bytes().zeroize();
    }
}

/// Wishes of a question: what it is to be told beside its answer.
#[derive(Clone, Copy, Default)]
struct Told {
    audit: bool,
}

impl Told {
    /// Reads it, and has the event of what follows kept.
    fn begin(asked: &Fields<'_>) -> Result<Self, Fault> {
        event::begin(asked.flag("event")?);
        Ok(Self {
            audit: asked.flag("audit")?,
        })
    }

    /// Writes the answer to what came before.
    fn write(self, answer: JsonAnswer<'_>) -> String {
        let event = event::end();
        answer.to_json(Beside {
            audit: self.audit,
            operator: None,
            event: event.as_ref(),
        })
    }
}

fn failed(fault: &Fault, told: Told) -> String {
    match fault {
        Fault::Sdk(error) => told.write(JsonAnswer::Failure(error)),
        Fault::Misuse(_) | Fault::Guard(_) | Fault::Panic => {
            let blame = match fault.blame() {
                x2f_outcome::X2F_MISUSE => "misuse",
                x2f_outcome::X2F_REFUSE => "refuse",
                x2f_outcome::X2F_UPSTREAM | x2f_outcome::X2F_NONE | x2f_outcome::X2F_OK => {
                    "upstream"
                }
            };
            told.write(JsonAnswer::Fault(blame, fault.code(), &fault.detail()))
        }
    }
}

fn answered(client: Option<&x2f_client>, question: &[u8]) -> String {
    let mut told = Told::default();
    let answer = read(question).and_then(|whole| {
        let fields = whole.as_object().filter(|fields| fields.len() == 1);
        let one = fields.and_then(|fields| fields.iter().next());
        let (name, arguments) = one.ok_or_else(|| {
            Fault::misuse("question: must be an object with one field, a function")
        })?;
        let arguments = Fields::new(name, arguments)?;
        told = Told::begin(&arguments)?;
        // Only operators ask, and no event has the cause.
        told.audit |= name == "ready";
        act(client, name, &arguments, told)
    });
    answer.unwrap_or_else(|fault| failed(&fault, told))
}

fn read(question: &[u8]) -> Result<Value, Fault> {
    if question.len() > LONGEST {
        return Err(Fault::misuse("question: longer than 100 KiB"));
    }
    serde_json::from_slice(question).map_err(|_| Fault::misuse("question: not JSON"))
}

fn act(
    client: Option<&x2f_client>,
    name: &str,
    given: &Fields<'_>,
    told: Told,
) -> Result<String, Fault> {
    match name {
        "explain" => {
            given.only(&["code", "locale", "guesses_left", "retry_after_seconds"])?;
            let (left, wait) = (
                given.number("guesses_left")?,
                given.span("retry_after_seconds")?,
            );
            let code = code(given.text("code")?)?;
            let explained = explain(code, left, wait, given.text("locale")?)?;
            Ok(told.write(JsonAnswer::Explanation(&explained)))
        }
        "check_receipt" => {
            given.only(&["receipt_keys", "receipt", "expected"])?;
            let now = client.map_or_else(std::time::SystemTime::now, x2f_client::now);
            let (keys, receipt) = (given.texts("receipt_keys")?, given.text("receipt")?);
            let expected = given.expected("expected")?;
            let claims = check_receipt(&keys, &receipt.into(), now, &expected)?;
            Ok(told.write(JsonAnswer::Claims(&claims)))
        }
        "inspect" => {
            given.only(&["token"])?;
            let token_info = inspect(&given.text("token")?.into())?;
            Ok(told.write(JsonAnswer::TokenInfo(&token_info)))
        }
        "keygen" => {
            given.only(&[])?;
            Ok(told.write(JsonAnswer::WrittenKey(&keygen()?)))
        }
        "receipt_key" | "request_key" => {
            given.only(&["root_key", "audience", "test"])?;
            let derive = if name == "receipt_key" {
                receipt_key
            } else {
                request_key
            };
            let (root, audience) = (given.text("root_key")?, given.text("audience")?);
            let key = derive(root, audience, given.flag("test")?)?;
            Ok(told.write(JsonAnswer::WrittenKey(&key)))
        }
        "sign_request" => {
            given.only(&["request_key", "step_up"])?;
            let now = client.map_or_else(std::time::SystemTime::now, x2f_client::now);
            let step_up = given.step_up("step_up")?;
            let request = sign_request(given.text("request_key")?, now, &step_up)?;
            Ok(told.write(JsonAnswer::SignedRequest(&request)))
        }
        _ => operate(client, name, given, told),
    }
}

/// The functions that need a client.
fn operate(
    client: Option<&x2f_client>,
    name: &str,
    given: &Fields<'_>,
    told: Told,
) -> Result<String, Fault> {
    let known: &[&str] = match name {
        "start" => &["binding", "sending", "audit", "event"],
        "resend" => &["token", "binding", "sending", "audit", "event"],
        "verify" => &["token", "binding", "pin", "client", "audit", "event"],
        "status" => &["handle", "audit", "event"],
        "unlock" => &["subject", "recipient", "operator", "audit", "event"],
        "limits" => &[
            "subject",
            "recipient",
            "client",
            "operator",
            "audit",
            "event",
        ],
        "credits" => &["operator", "audit", "event"],
        "preview" => &["purpose", "transaction"],
        "trail_of" => &["subject", "recipient"],
        "index_of" => &["recipient"],
        "ready" => &[],
        _ => return Err(Fault::misuse("question: no function has this name")),
    };
    given.only(known)?;
    let client = client.ok_or_else(|| Fault::null("client"))?;
    let two_factor = &client.two_factor;
    let named = given
        .optional("operator")
        .map(|name| name.unwrap_or(UNNAMED));
    let operator = || Ok::<_, Fault>(Operator::beside(two_factor, named?));
    let token = || Ok::<_, Fault>(Token::new(given.text("token")?));
    Ok(match name {
        "start" => {
            let (binding, sending) = (given.binding()?, given.sending()?);
            let challenge = two_factor.start_with(&binding, &sending)?;
            told.write(JsonAnswer::Challenged(&challenge))
        }
        "resend" => {
            let (binding, sending) = (given.binding()?, given.sending()?);
            let challenge = two_factor.resend_with(&token()?, &binding, &sending)?;
            told.write(JsonAnswer::Challenged(&challenge))
        }
        "verify" => {
            let (token, binding) = (token()?, given.binding()?);
            let pin = Pin::new(given.text("pin")?);
            let acceptance = match given.optional("client")? {
                Some(address) => two_factor.verify_from(&token, &binding, &pin, address)?,
                None => two_factor.verify(&token, &binding, &pin)?,
            };
            told.write(JsonAnswer::Accepted(&acceptance, &binding.subject))
        }
        "status" => {
            let report = two_factor.status(&given.text("handle")?.into())?;
            told.write(JsonAnswer::Reported(&report))
        }
        "unlock" => {
            let (recipient, subject) = (given.text("recipient")?, given.text("subject")?);
            let unlocked = operator()?.unlock(recipient, subject)?;
            told.write(JsonAnswer::Unlocked(&unlocked))
        }
        "limits" => {
            let (recipient, subject) = (given.text("recipient")?, given.text("subject")?);
            let limits = operator()?.limits(recipient, subject, given.optional("client")?)?;
            told.write(JsonAnswer::Limits(&limits))
        }
        "credits" => told.write(JsonAnswer::Credits(&operator()?.credits()?)),
        "preview" => {
            let checked = check(&client.settings, client.scope)?;
            let paid = given.transaction("transaction")?;
            let previews = checked.preview(given.optional("purpose")?, paid.as_ref())?;
            told.write(JsonAnswer::Previews(&previews))
        }
        "trail_of" => {
            let (recipient, subject) = (given.text("recipient")?, given.text("subject")?);
            let trail = Operator::beside(two_factor, UNNAMED).trail(recipient, subject)?;
            told.write(JsonAnswer::Trail(&trail))
        }
        "ready" => {
            two_factor.ready()?;
            told.write(JsonAnswer::Ready)
        }
        _ => {
            let index = two_factor.number_index(given.text("recipient")?)?;
            told.write(JsonAnswer::NumberIndex(&index))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use serde_json::json;

    use super::*;

    fn ask(question: &str) -> Value {
        let question = CString::new(question).expect("there is no zero byte in it");
        // SAFETY: there is no client, and the answer is freed once.
        unsafe {
            let answer = x2f_call(ptr::null(), question.as_ptr());
            let text = CStr::from_ptr(answer).to_str().map(str::to_string);
            x2f_free(answer);
            serde_json::from_str(&text.expect("it is UTF-8")).expect("it is JSON")
        }
    }

    #[test]
    fn what_is_no_question_is_misuse_and_quotes_nothing() {
        for (question, detail) in [
            ("", "question: not JSON"),
            (
                "[]",
                "question: must be an object with one field, a function",
            ),
            (
                "{}",
                "question: must be an object with one field, a function",
            ),
            (
                r#"{"start":{},"verify":{}}"#,
                "question: must be an object with one field, a function",
            ),
            (r#"{"s3cret":{}}"#, "question: no function has this name"),
            (r#"{"keygen":"s3cret"}"#, "keygen: must be an object"),
            (
                r#"{"keygen":{"s3cret":1}}"#,
                "keygen: has a field that is not known",
            ),
            (r#"{"verify":{"pin":"s3cret"}}"#, "client: is NULL"),
            (
                r#"{"start":{"event":1}}"#,
                "start.event: must be true or false",
            ),
            (
                r#"{"preview":{"event":true}}"#,
                "preview: has a field that is not known",
            ),
            (
                r#"{"inspect":{"token":7}}"#,
                "inspect.token: must be a string",
            ),
            (r#"{"inspect":{}}"#, "inspect.token: is missing"),
            (
                r#"{"explain":{"code":"s3cret","locale":"en"}}"#,
                "code: is none of the contract's",
            ),
            (
                r#"{"explain":{"code":"used","locale":"en","guesses_left":-1}}"#,
                "explain.guesses_left: must be a whole number",
            ),
            (
                r#"{"receipt_key":{"root_key":"","audience":"a","test":1}}"#,
                "receipt_key.test: must be true or false",
            ),
            (
                r#"{"check_receipt":{"receipt_keys":[1],"receipt":"","expected":{}}}"#,
                "check_receipt.receipt_keys: must be a list of strings",
            ),
        ] {
            let answer = ask(question);
            let failure = &answer["failure"];
            assert_eq!(failure["detail"], detail, "{question}");
            assert_eq!(
                (&failure["blame"], &failure["code"]),
                (&json!("misuse"), &json!("request"))
            );
            assert!(!answer.to_string().contains("s3cret"));
        }
        let long = format!(r#"{{"keygen":{{"{}":1}}}}"#, "x".repeat(LONGEST));
        assert_eq!(
            ask(&long)["failure"]["detail"],
            "question: longer than 100 KiB"
        );
    }

    #[test]
    fn keys_receipts_and_requests_need_no_client() {
        let key = ask(r#"{"keygen":{}}"#)["written_key"]["key"].clone();
        for (question, kind) in [
            (
                json!({"receipt_key": {"root_key": key, "audience": "shop"}}),
                "written_key",
            ),
            (
                json!({"request_key": {"root_key": key, "audience": "shop", "test": true}}),
                "written_key",
            ),
            (
                json!({"explain": {"code": "wrong-pin", "locale": "en", "guesses_left": 2}}),
                "explanation",
            ),
        ] {
            let answer = ask(&question.to_string());
            assert!(answer.get(kind).is_some(), "{answer}");
        }
        let request_key =
            ask(&json!({"request_key": {"root_key": key, "audience": "shop"}}).to_string());
        let paid = json!({"amount": "12.50", "currency": "EUR", "payee": "Ann Lee"});
        let step_up = json!({"subject": "user-1", "session": "s-1", "transaction": paid});
        let question = json!({"sign_request": {"request_key": request_key["written_key"]["key"], "step_up": step_up}});
        let signed = ask(&question.to_string());
        assert!(signed["signed_request"]["request"].is_string(), "{signed}");
    }
}
