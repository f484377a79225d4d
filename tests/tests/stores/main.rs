//! Stores: the suite for each, and what only this store can suffer.

mod memory;
mod redis;
mod shared;
mod sqlite;
