//! Arguments that bind a challenge: the user, the number, the purpose, the session and the payment.

use clap::Args;
use xoxzo_2fa::{Binding, Transaction};

use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Phone {
    /// Phone number in E.164, such as +819012345678. With --region, national spellings of that region work too.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// Accept a national number of this region, an ISO 3166-1 code such as JP.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl Phone {
    /// The number in E.164, or as it was given without `--region`; the engine checks it.
    pub(crate) fn number(&self) -> Result<String, Fault> {
        match &self.region {
            Some(region) => Ok(xoxzo_2fa::to_e164(&self.to, region)?),
            None => Ok(self.to.clone()),
        }
    }
}

#[derive(Args)]
pub(crate) struct Payment {
    /// Amount of a payment that the PIN confirms, with all decimals of its currency: 12.50 for EUR, 1250 for JPY.
    #[arg(long, value_name = "AMOUNT", requires = "currency", requires = "payee")]
    amount: Option<String>,
    /// Currency of the amount, an ISO 4217 code.
    #[arg(long, value_name = "CODE", requires = "amount")]
    currency: Option<String>,
    /// Name of the payee.
    #[arg(long, value_name = "NAME", requires = "amount")]
    payee: Option<String>,
}

impl Payment {
    pub(crate) fn transaction(&self) -> Option<Transaction> {
        let (amount, currency, payee) = (&self.amount, &self.currency, &self.payee);
        Some(Transaction::new(
            amount.as_ref()?,
            currency.as_ref()?,
            payee.as_ref()?,
        ))
    }
}

#[derive(Args)]
pub(crate) struct Bound {
    #[command(flatten)]
    phone: Phone,
    /// The service's internal id of the user.
    #[arg(long, value_name = "ID")]
    subject: String,
    /// Purpose of the challenge, one of those in the settings.
    #[arg(long, default_value = "login")]
    purpose: String,
    /// Session that the challenge is bound to.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    payment: Payment,
}

impl Bound {
    pub(crate) fn binding(&self) -> Result<Binding, Fault> {
        let mut binding = Binding::new(self.phone.number()?, &self.subject, &self.purpose);
        binding.session.clone_from(&self.session);
        binding.transaction = self.payment.transaction();
        Ok(binding)
    }
}
