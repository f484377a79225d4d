//! The engine's rules, through its operations: a file for each module of `plugin/core` that it holds to them.

mod counted;
mod dispatch;
mod operations;
mod plan;
mod provider;
mod receipt;
mod test_mode;
mod text;
mod token;
mod unlock;
mod verify;
