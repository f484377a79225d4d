module github.com/xoxzo/xoxzo-2fa/host/go

go 1.19
