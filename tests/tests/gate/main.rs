//! The gate, without HTTP. The same vectors are played against Envoy by `tests/python/envoy/`.

mod configuration;
mod forms;
mod pages;
mod passes;
mod vectors;
