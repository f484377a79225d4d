module bench

go 1.19

require github.com/xoxzo/xoxzo-2fa/host/go v0.1.0

replace github.com/xoxzo/xoxzo-2fa/host/go => ../../../host/go
