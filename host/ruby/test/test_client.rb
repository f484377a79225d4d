# frozen_string_literal: true

require "logger"
require "pp"
require "stringio"
require "tmpdir"
require_relative "helper"
require_relative "logins"

class TestClient < SandboxTest
  include Logins

  def test_forked_processes_share_a_file_and_never_memory
    Dir.mktmpdir do |folder|
      one = client(store: "sqlite:#{folder}/own/counters")
      token = one.start(user).token
      pin = xoxzo.pin(user.recipient)
      outcomes = Array.new(4) { forked { outcome { one.verify(token, user, pin) } } }
      assert_equal({ "user-1" => 1, "used" => 3 }, outcomes.tally)
    end
    memory = client
    token = memory.start(user).token
    assert_match(/\Aguard: .*forked/m, forked { outcome { memory.verify(token, user, "123456") } })
  end

  def test_a_receipt_proves_it_to_another_service
    root = Xoxzo2fa.keygen
    one = client(keys: [root])
    mine = user(session: "s-1")
    acceptance = one.verify(one.start(mine).token, mine, xoxzo.pin(user.recipient))
    key = Xoxzo2fa.receipt_key(root, "test", test: true)
    expected = { subject: "user-1", purpose: "login" }
    claims = Xoxzo2fa.check_receipt([key], acceptance.receipt, Xoxzo2fa::Expected.new(**expected, session: "s-1"))
    assert_equal ["test", true], [claims.audience, claims.test]
    assert_operator claims.expires_at, :>, Time.now
    refused = assert_raises(Xoxzo2fa::Refuse) { Xoxzo2fa.check_receipt([key], acceptance.receipt, Xoxzo2fa::Expected.new(**expected)) }
    assert_equal "invalid-token", refused.code
  end

  def test_nothing_secret_is_printed
    lines = []
    one = Xoxzo2fa::Client.new(xoxzo.settings, store: "memory", audit: ->(event) { lines << event })
    challenge = one.start(user)
    pin = xoxzo.pin(user.recipient)
    acceptance = one.verify(challenge.token, user, pin)
    assert_nil one.ready
    assert_equal(%w[start verify], lines.map { |line| line["operation"] })
    printed = [one, challenge, acceptance, user, lines].flat_map { |each| [each.inspect, each.to_s, each.pretty_inspect] }.join
    [challenge.token, challenge.handle, acceptance.receipt, pin, user.recipient[1..]].each { |secret| refute_includes printed, secret }
    assert_raises(FrozenError) { challenge.token << "x" } if challenge.token.frozen?
    assert_raises(FrozenError) { challenge.token = "x" }
  end

  def test_a_logger_takes_each_operation
    log = StringIO.new
    one = Xoxzo2fa::Client.new(xoxzo.settings, store: "memory", logger: Logger.new(log))
    token = one.start(user).token
    pin = xoxzo.pin(user.recipient)
    assert_raises(Xoxzo2fa::Refuse) { one.verify(token, user, other_than(pin)) }
    one.verify(token, user, pin)
    one.credits("ann")
    one.preview
    account = JSON.parse(xoxzo.settings)["xoxzo"]
    failing = Xoxzo2fa::Client.new(xoxzo.settings(xoxzo: { **account, "auth_token" => "another" }), store: "memory", logger: Logger.new(log))
    assert_raises(Xoxzo2fa::Upstream) { failing.start(user) }
    told = log.string.lines.map { |line| line.match(/^\w, .* (\w+) -- xoxzo-2fa: (.*)$/).then { |it| [it[1], JSON.parse(it[2])] } }
    seen = told.map { |level, event| [level, *event.values_at("operation", "outcome", "code", "operator")].compact.join(" ") }
    assert_equal ["INFO start ok", "INFO verify refuse wrong-pin", "INFO verify ok", "INFO credits ok ann", "WARN start upstream provider"], seen
    [token, pin, user.recipient[1..], user.subject].each { |secret| refute_includes log.string, secret }
  end

  def test_failures_name_their_party
    refused = assert_raises(Xoxzo2fa::Misuse) { Xoxzo2fa::Client.new("{}", store: "memory") }
    assert_equal "settings", refused.code
    assert_raises(Xoxzo2fa::Misuse) { client(store: "nowhere") }
    account = JSON.parse(xoxzo.settings)["xoxzo"]
    failed = assert_raises(Xoxzo2fa::Upstream) { client(xoxzo: { **account, "auth_token" => "another" }).start(user) }
    assert_equal "provider", failed.code
    one = client
    assert_raises(Xoxzo2fa::Misuse) { failed.explain("xx") }
    assert_raises(Xoxzo2fa::Misuse) { one.start(user(session: "")) }
  end

  def test_operators_see_pseudonyms_and_settings
    one = client
    assert_equal one.start(user).audit.trail, one.trail(user.subject, user.recipient)
    assert_equal "test", JSON.parse(one.effective_settings)["audience"]
  end

  def test_what_is_no_utf8_is_misuse
    one = client
    token = one.start(user).token
    wrong = assert_raises(Xoxzo2fa::Misuse) { one.verify(token, user, "123456", client: "\xFF") }
    assert_equal ["request", nil], [wrong.code, wrong.cause]
  end

  def test_a_listener_that_raises_changes_nothing
    one = Xoxzo2fa::Client.new(xoxzo.settings, store: "memory", audit: ->(_) { raise IOError, "the disk is full" })
    _, told = capture_io { assert_equal "user-1", one.verify(one.start(user).token, user, xoxzo.pin(user.recipient)).subject }
    assert_equal 2, told.scan("a listener raised IOError").length
  end
end
