//! The sandbox over HTTP, as clients and browsers see it.

mod client;
mod connection;
mod faults;
mod inbox;
mod messages;
mod page;
mod start;
