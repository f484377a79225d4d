//! Stores: the suite for each, and what only this store can suffer.

mod file;
mod memory;
mod redis;
mod shared;
