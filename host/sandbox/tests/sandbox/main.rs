//! The sandbox over HTTP, as clients and browsers see it.

mod callbacks;
mod calls;
mod client;
mod connection;
mod faults;
mod inbox;
mod magic;
mod messages;
mod page;
mod resources;
mod start;
mod templates;
