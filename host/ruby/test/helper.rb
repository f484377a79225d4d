# frozen_string_literal: true

require "minitest/autorun"
require "xoxzo_2fa"
require "xoxzo_2fa/testing"

USER = Xoxzo2fa::Binding.new(recipient: "+819012345678", subject: "user-1", purpose: "login")

# One sandbox for all tests of a file.
class SandboxTest < Minitest::Test
  class << self
    attr_accessor :xoxzo
  end

  def self.run(...)
    Xoxzo2fa::Testing.sandbox do |xoxzo|
      SandboxTest.xoxzo = xoxzo
      super
    end
  end

  def xoxzo = SandboxTest.xoxzo

  # Numbers of a test's own, since the sandbox remembers.
  def user(**changes)
    @user ||= Xoxzo2fa::Binding.new(recipient: format("+8190%08d", rand(10**8)), subject: "user-1", purpose: "login")
    Xoxzo2fa::Binding.new(**@user.to_h, **changes)
  end

  def client(store: "memory", **changes) = Xoxzo2fa::Client.new(xoxzo.settings(**changes), store:)

  def other_than(pin) = (pin[0] == "0" ? "1" : "0") + pin[1..]

  # The subject that an acceptance names, or the code of the failure; with its cause, if operators see one.
  def outcome
    yield.subject
  rescue Xoxzo2fa::Error => e
    [e.code, e.audit&.cause].compact.join(": ")
  end

  # Runs the block in a forked process, and returns the text that it returns.
  def forked
    reader, writer = IO.pipe
    child = fork do
      writer.write(yield)
      writer.close
      exit!(0)
    end
    writer.close
    reader.read
  ensure
    Process.wait(child)
  end
end
