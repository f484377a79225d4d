//! The calls of the API: every request that came, what it was answered, and why.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// Calls that are kept; beyond it, the oldest goes.
const KEPT: usize = 1_000;

/// A call. It never holds its credentials.
#[derive(Clone)]
pub(crate) struct Call {
    /// Counts up from 1.
    pub(crate) number: u64,
    pub(crate) called_at: String,
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) parameters: String,
    /// The status of the answer; absent while there is none.
    pub(crate) status: Option<u16>,
    /// The reasons for a refusal, and other remarks.
    pub(crate) remarks: Vec<String>,
}

/// An extension of a response: the sandbox's remarks on an answer.
#[derive(Clone)]
pub(crate) struct Remark {
    pub(crate) text: Vec<String>,
    /// The connection is cut, so that nobody sees the answer.
    pub(crate) cut: bool,
}

#[derive(Default)]
pub(crate) struct Calls(Mutex<(u64, VecDeque<Call>)>);

impl Calls {
    /// The calls, oldest first.
    pub(crate) fn all(&self) -> Vec<Call> {
        self.calls().1.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.calls().1.clear();
    }

    /// Adds a call that has no answer yet, and returns its number.
    pub(crate) fn begin(&self, mut call: Call) -> u64 {
        let mut calls = self.calls();
        calls.0 += 1;
        call.number = calls.0;
        if calls.1.len() == KEPT {
            calls.1.pop_front();
        }
        calls.1.push_back(call);
        calls.0
    }

    /// Adds the answer of a call.
    pub(crate) fn end(&self, number: u64, status: Option<u16>, remarks: Vec<String>) {
        let mut calls = self.calls();
        if let Some(call) = calls.1.iter_mut().rfind(|call| call.number == number) {
            call.status = status;
            call.remarks = remarks;
        }
    }

    fn calls(&self) -> MutexGuard<'_, (u64, VecDeque<Call>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// Returns the call as `/_sandbox/calls` shows it.
    pub(crate) fn entry(&self) -> Value {
        json!({
            "called_at": self.called_at,
            "method": self.method,
            "path": self.path,
            "parameters": self.parameters,
            "status": self.status,
            "remarks": self.remarks,
        })
    }
}
