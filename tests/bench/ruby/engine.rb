# frozen_string_literal: true

# The client of the gem, over the library behind `../c/xoxzo.c`, which XOXZO_2FA_LIBRARY names.

$LOAD_PATH.unshift(File.expand_path("../../../host/ruby/lib", __dir__))
require "ffi"
require "xoxzo_2fa"
require_relative "measure"

# What the Xoxzo in memory has for the measurement.
module Xoxzo
  extend FFI::Library
  ffi_lib ENV.fetch("XOXZO_2FA_LIBRARY")
  attach_function :bench_sent, [], :string
  attach_function :bench_set_back, [:int64], :void
end

# A login by the gem.
class Engine
  def initialize(settings) = @client = Xoxzo2fa::Client.new(settings, store: "memory")

  def locks? = true

  def altered = "invalid-token"

  def user(number, other:)
    Xoxzo2fa::Binding.new(recipient: format("+81%<kind>d%<number>08d", kind: other ? 80 : 90, number:), subject: "user-#{number}", purpose: "login")
  end

  def start(user)
    @client.start(user).token
  rescue Xoxzo2fa::Refuse => e
    e.code
  end

  def verify(token, user, pin)
    @client.verify(token, user, pin)
    ""
  rescue Xoxzo2fa::Refuse => e
    e.code
  end

  def sent = Xoxzo.bench_sent.scan(/[0-9]{6}/)

  def turn_back(seconds) = Xoxzo.bench_set_back(seconds)
end

Measure.new(Engine.new($stdin.gets)).answer
