//! The state of a sandbox, from which requests are answered.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use crate::account::Account;
use crate::calls::Calls;
use crate::dins::Dins;
use crate::message::Message;
use crate::options::Options;
use crate::orders::Orders;
use crate::otp::Otp;
use crate::phones::Phones;

/// Tells the time.
pub(crate) type Clock = Box<dyn Fn() -> OffsetDateTime + Send + Sync>;

pub(crate) struct Site {
    /// The address at which this machine reaches it.
    pub(crate) address: SocketAddr,
    /// The same as `http://ADDRESS:PORT`.
    pub(crate) url: String,
    pub(crate) account: Account,
    pub(crate) phones: Phones,
    pub(crate) calls: Calls,
    pub(crate) orders: Orders,
    pub(crate) dins: Dins,
    pub(crate) otp: Otp,
    pub(crate) options: Options,
    purse: Mutex<u64>,
    /// The second that is running, and the requests in it.
    meter: Mutex<(i64, u32)>,
    clock: Clock,
}

impl Site {
    pub(crate) fn new(
        address: SocketAddr,
        account: Account,
        options: Options,
        clock: Clock,
    ) -> Self {
        Self {
            address,
            url: format!("http://{address}"),
            account,
            phones: Phones::default(),
            calls: Calls::default(),
            orders: Orders::default(),
            dins: Dins::default(),
            otp: Otp::default(),
            purse: Mutex::new(options.credits.into()),
            meter: Mutex::default(),
            options,
            clock,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// The word of a message's state.
    pub(crate) fn state(&self, message: &Message) -> &'static str {
        message.state(self.options.pace, self.now())
    }

    pub(crate) fn credits(&self) -> u64 {
        *self.purse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes credits, if there are so many.
    pub(crate) fn pay(&self, credits: usize) -> bool {
        let mut purse = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
        let left = purse.checked_sub(credits as u64);
        *purse = left.unwrap_or(*purse);
        left.is_some()
    }

    /// Counts a request, and tells whether it may be answered in this second.
    pub(crate) fn admits(&self) -> bool {
        let Some(most) = self.options.throttle else {
            return true;
        };
        let second = self.now().unix_timestamp();
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        if meter.0 != second {
            *meter = (second, 0);
        }
        meter.1 = meter.1.saturating_add(1);
        meter.1 <= most
    }
}
