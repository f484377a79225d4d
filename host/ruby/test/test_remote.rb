# frozen_string_literal: true

require "pp"
require "rbconfig"
require "socket"
require "tmpdir"
require_relative "helper"
require_relative "logins"

class TestRemote < SandboxTest
  include Logins

  KEY = "a-key-of-a-caller-with-32-letters"

  def setup
    @servers = []
  end

  def teardown
    @servers.each do |told|
      Process.kill(:KILL, told.pid)
      told.close
    end
  end

  # Starts xoxzo-2fa-serve with settings of the sandbox, and returns its origin.
  def served(rights: %w[send verify operate], **changes)
    rest = { keys: [{ name: "shop", rights:, key: { env: "CALLER_KEY" } }] }
    Dir.mktmpdir do |folder|
      path = "#{folder}/rest.json"
      File.write(path, JSON.generate({ two_factor: JSON.parse(xoxzo.settings(**changes)), rest: }))
      told = IO.popen({ "CALLER_KEY" => KEY }, [ENV.fetch("XOXZO_2FA_SERVE"), "rest", "--settings", path, "--listen", "127.0.0.1:0"], err: File::NULL)
      @servers << told
      "http://#{told.gets.to_s[/127\.0\.0\.1:\d+/] || flunk('the server did not start')}"
    end
  end

  def client(...) = Xoxzo2fa::Remote.new(served(...), key: KEY)

  # Gives each question one of the answers, as bytes. Yields a client, and returns how many questions came.
  def answering(*answers)
    listener = TCPServer.new("127.0.0.1", 0)
    asked = 0
    server = Thread.new do
      loop do
        connection = listener.accept
        length = connection.gets("\r\n\r\n")[/^content-length: (\d+)/i, 1]
        connection.read(length.to_i)
        connection.write(answers.fetch(asked, ""))
        connection.close
        asked += 1
      end
    end
    yield Xoxzo2fa::Remote.new("http://127.0.0.1:#{listener.local_address.ip_port}", key: KEY)
    asked
  ensure
    server&.kill
    listener.close
  end

  def http(body, status = "200 OK", *headers)
    ["HTTP/1.1 #{status}", "Content-Length: #{body.bytesize}", *headers, "", body].join("\r\n")
  end

  def test_forked_processes_share_a_server
    one = client
    token = one.start(user).token
    pin = xoxzo.pin(user.recipient)
    assert_equal({ "user-1" => 1, "used" => 3 }, Array.new(4) { forked { outcome { one.verify(token, user, pin) } } }.tally)
  end

  def test_a_server_checks_receipts
    root = Xoxzo2fa.keygen
    one = client(keys: [root])
    acceptance = one.verify(one.start(user).token, user, xoxzo.pin(user.recipient))
    key = Xoxzo2fa.receipt_key(root, "test", test: true)
    claims = one.check_receipt([key], acceptance.receipt, Xoxzo2fa::Expected.new(subject: "user-1", purpose: "login"))
    assert_equal ["test", true, "login"], [claims.audience, claims.test, claims.purpose]
  end

  def test_operators_need_their_right
    one = client(rights: %w[send verify])
    assert_equal "request", assert_raises(Xoxzo2fa::Misuse) { one.credits("ann") }.code
    assert_nil one.start(user).audit.trail
    stranger = Xoxzo2fa::Remote.new(served, key: KEY.reverse)
    assert_raises(Xoxzo2fa::Misuse) { stranger.start(user) }
  end

  ACCEPTED = JSON.generate({ accepted: { subject: "user-1", receipt: "r", expires_in_seconds: 60 } })

  def test_no_answer_is_upstream_and_asked_once
    wrong = [
      "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "no HTTP at all\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      http("<h1>Bad Gateway</h1>", "502 Bad Gateway"), http("[]"), http("{}"), http('{"accepted":{"receipt":7}}'), http('{"challenged":{}}'),
      http('{"accepted":[]}'), http('{"failure":7}'), http("\xFF"), http(ACCEPTED + (" " * 1_100_000)), http(ACCEPTED, "500 Error"),
      http("#{ACCEPTED[..-2]},\"failure\":{}}"), http("", "307 Moved", "Location: http://127.0.0.1:1/v1/verify")
    ]
    asked = answering(*wrong) do |one|
      wrong.each do |answer|
        failed = assert_raises(Xoxzo2fa::Upstream, answer[0, 40]) { one.verify("token", user, "123456") }
        assert_equal "plugin", failed.code
        refute_includes failed.full_message, KEY
      end
    end
    assert_equal wrong.length, asked
    answering(http(ACCEPTED)) { |one| assert_equal "user-1", one.verify("token", user, "123456").subject }
  end

  def test_a_server_says_whether_it_is_ready
    answering(http("ready\n"), http("", "503 Service Unavailable"), http("", "500 Error"), "") do |one|
      assert_nil one.ready
      codes = Array.new(3) { assert_raises(Xoxzo2fa::Upstream) { one.ready }.code }
      assert_equal %w[guard plugin plugin], codes
    end
  end

  def test_no_server_is_upstream
    listener = TCPServer.new("127.0.0.1", 0)
    port = listener.local_address.ip_port
    listener.close
    assert_raises(Xoxzo2fa::Upstream) { Xoxzo2fa::Remote.new("http://127.0.0.1:#{port}", key: KEY).start(user) }
  end

  def test_no_proxy_of_the_environment_sees_a_question
    proxy = TCPServer.new("127.0.0.1", 0)
    # An address of this machine that Ruby would ask a proxy for.
    one = Xoxzo2fa::Remote.new(served.sub("127.0.0.1", "0.0.0.0"), key: KEY)
    ENV["http_proxy"] = "http://127.0.0.1:#{proxy.local_address.ip_port}"
    assert_equal "accepted", one.start(user).delivery
    assert_equal :wait_readable, proxy.accept_nonblock(exception: false)
  ensure
    ENV.delete("http_proxy")
    proxy.close
  end

  def test_a_server_is_sent_no_key_of_the_settings
    asked = answering do |one|
      assert_raises(Xoxzo2fa::Misuse) { one.keygen }
      assert_raises(Xoxzo2fa::Misuse) { one.receipt_key("a key", "shop") }
    end
    assert_equal 0, asked
  end

  def test_only_an_origin_and_a_key_make_a_client
    ["127.0.0.1:9120", "ftp://127.0.0.1", "http://a:b@127.0.0.1", "http://127.0.0.1/v1", "http://127.0.0.1?a", "http://", "no URL"].each do |origin|
      assert_raises(Xoxzo2fa::Misuse, origin) { Xoxzo2fa::Remote.new(origin, key: KEY) }
    end
    wrong = assert_raises(Xoxzo2fa::Misuse) { Xoxzo2fa::Remote.new("http://127.0.0.1", key: "#{KEY}\r\nX: 1") }
    refute_includes wrong.full_message, KEY
    assert_raises(Xoxzo2fa::Misuse) { Xoxzo2fa::Remote.new("http://127.0.0.1", key: nil) }
    one = Xoxzo2fa::Remote.new("http://127.0.0.1:9120", key: KEY)
    refute_includes [one.inspect, one.to_s, one.pretty_inspect].join, KEY
  end

  def test_it_does_without_the_library
    program = <<~RUBY
      require "xoxzo_2fa"
      one = Xoxzo2fa::Remote.new(ARGV[0], key: ARGV[1])
      user = Xoxzo2fa::Binding.new(recipient: ARGV[2], subject: "user-1")
      begin
        one.verify(one.start(user).token, user, "")
      rescue Xoxzo2fa::Refuse => e
        puts e.code, e.explain("en").text
      end
      abort "FFI was loaded" if defined?(FFI)
      begin
        Xoxzo2fa.keygen
      rescue LoadError
        puts "no library"
      end
    RUBY
    lib = File.expand_path("../lib", __dir__)
    environment = { "XOXZO_2FA_LIBRARY" => "/nowhere/libxoxzo_2fa.so" }
    told = IO.popen(environment, [RbConfig.ruby, "-w", "-I", lib, "-e", program, served, KEY, user.recipient], &:read).lines(chomp: true)
    assert_equal ["malformed", "no library"], [told.first, told.last]
    refute_empty told[1]
  end
end
