//! The fields of a question. Faults name their path, never a value.

use std::time::Duration;

use serde_json::{Map, Value};
use xoxzo_2fa::{Binding, Expected, Sending, StepUp, Transaction};

use crate::arguments::channel;
use crate::fault::Fault;

/// An object of a question, and the path to it.
pub(super) struct Fields<'a> {
    path: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: &str, value: &'a Value) -> Result<Self, Fault> {
        let fields = value.as_object();
        Ok(Self {
            path: path.to_string(),
            fields: fields.ok_or_else(|| Fault::misuse(format!("{path}: must be an object")))?,
        })
    }

    /// Refuses every field but these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        if self
            .fields
            .keys()
            .all(|name| known.contains(&name.as_str()))
        {
            return Ok(());
        }
        let what = format!("{}: has a field that is not known", self.path);
        Err(Fault::misuse(what))
    }

    fn fault(&self, name: &str, what: &str) -> Fault {
        Fault::misuse(format!("{}.{name}: {what}", self.path))
    }

    pub(super) fn optional(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        let text = self.fields.get(name).map(|value| {
            let text = value.as_str();
            text.ok_or_else(|| self.fault(name, "must be a string"))
        });
        text.transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Fault> {
        self.optional(name)?
            .ok_or_else(|| self.fault(name, "is missing"))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        let list = self.fields.get(name).and_then(Value::as_array);
        let texts = list.and_then(|list| {
            let text = |value: &Value| value.as_str().map(str::to_string);
            list.iter().map(text).collect()
        });
        texts.ok_or_else(|| self.fault(name, "must be a list of strings"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        let flag = self.fields.get(name).map(|value| {
            let flag = value.as_bool();
            flag.ok_or_else(|| self.fault(name, "must be true or false"))
        });
        Ok(flag.transpose()?.unwrap_or(false))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Fault> {
        let number = self.fields.get(name).map(|value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| self.fault(name, "must be a whole number"))
        });
        number.transpose()
    }

    pub(super) fn span(&self, name: &str) -> Result<Option<Duration>, Fault> {
        let seconds = self.number(name)?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }

    fn object(&self, name: &str) -> Result<Option<Self>, Fault> {
        let path = format!("{}.{name}", self.path);
        let object = self.fields.get(name);
        object.map(|value| Self::new(&path, value)).transpose()
    }

    fn required(&self, name: &str) -> Result<Self, Fault> {
        self.object(name)?
            .ok_or_else(|| self.fault(name, "is missing"))
    }

    pub(super) fn binding(&self) -> Result<Binding, Fault> {
        let own = self.required("binding")?;
        own.only(&["recipient", "subject", "purpose", "session", "transaction"])?;
        let mut binding = Binding::new(
            own.text("recipient")?,
            own.text("subject")?,
            own.text("purpose")?,
        );
        binding.session = own.optional("session")?.map(str::to_string);
        binding.transaction = own.transaction("transaction")?;
        Ok(binding)
    }

    pub(super) fn sending(&self) -> Result<Sending, Fault> {
        let mut sending = Sending::default();
        if let Some(own) = self.object("sending")? {
            own.only(&["channel", "locale", "client", "decoy"])?;
            sending.channel = channel(own.optional("channel")?)?;
            sending.locale = own.optional("locale")?.map(str::to_string);
            sending.client = own.optional("client")?.map(str::to_string);
            sending.decoy = own.flag("decoy")?;
        }
        Ok(sending)
    }

    pub(super) fn transaction(&self, name: &str) -> Result<Option<Transaction>, Fault> {
        let Some(own) = self.object(name)? else {
            return Ok(None);
        };
        own.only(&["amount", "currency", "payee"])?;
        let (amount, currency) = (own.text("amount")?, own.text("currency")?);
        Ok(Some(Transaction::new(amount, currency, own.text("payee")?)))
    }

    pub(super) fn expected(&self, name: &str) -> Result<Expected, Fault> {
        let own = self.required(name)?;
        own.only(&["subject", "purpose", "recipient", "session", "transaction"])?;
        let mut expected = Expected::new(own.text("subject")?, own.text("purpose")?);
        expected.recipient = own.optional("recipient")?.map(str::to_string);
        expected.session = own.optional("session")?.map(str::to_string);
        expected.transaction = own.transaction("transaction")?;
        Ok(expected)
    }

    pub(super) fn step_up(&self, name: &str) -> Result<StepUp, Fault> {
        let own = self.required(name)?;
        own.only(&["subject", "session", "transaction"])?;
        let paid = own.transaction("transaction")?;
        let paid = paid.ok_or_else(|| own.fault("transaction", "is missing"))?;
        let mut step_up = StepUp::new(own.text("subject")?, paid);
        step_up.session = own.optional("session")?.map(str::to_string);
        Ok(step_up)
    }
}
