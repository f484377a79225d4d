"""A shop behind Envoy with the gate, to try it and to test it: everything on 127.0.0.1, and nothing is sent.

`tokens` makes the sessions of the shop; `app`, `pages` and `exchange` are the shop; `sandbox` is Xoxzo; `configuration`
derives the configuration of Envoy from `../envoy.yaml`, and `envoy` runs it; `stack` starts all of them. `environment`
makes what they need, with the standard library alone. Import this folder as a package, `demo`, from `host/envoy`.
"""
