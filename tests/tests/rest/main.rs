//! The REST service over real connections: what it takes and refuses, and that it answers as the engine does.

mod bodies;
mod callers;
mod lists;
mod logins;
mod running;
