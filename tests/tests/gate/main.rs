//! The gate, without HTTP. The same vectors are played against Envoy by `tests/python/envoy/`.

mod configuration;
mod credentials;
mod fleet;
mod forms;
mod headers;
mod pages;
mod passes;
mod payments;
mod vectors;
