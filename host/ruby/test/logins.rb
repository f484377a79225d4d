# frozen_string_literal: true

# What holds for the library and for a server alike. `client` opens either.
module Logins
  def test_a_login_is_accepted_once_and_for_its_user_only
    one = client
    challenge = one.start(user)
    pin = xoxzo.pin(user.recipient)
    assert_equal ["accepted", 1], [challenge.delivery, challenge.parts]
    assert_match(/\A\+81\*{8}\d\d\z/, challenge.masked)

    refused = assert_raises(Xoxzo2fa::Refuse) { one.verify(challenge.token, user(subject: "user-2"), pin) }
    assert_equal "invalid-token", refused.code
    refused = assert_raises(Xoxzo2fa::Refuse) { one.verify(challenge.token, user, other_than(pin)) }
    assert_equal %w[wrong-pin refuse], [refused.code, refused.blame]
    assert_equal 4, refused.guesses_left
    told = refused.explain("ja")
    assert_equal "try-again", told.offers.first
    refute_empty told.text

    acceptance = one.verify(challenge.token, user, pin)
    assert_equal "user-1", acceptance.subject
    assert_equal "used", assert_raises(Xoxzo2fa::Refuse) { one.verify(challenge.token, user, pin) }.code
  end

  def test_what_a_user_types_is_at_most_refused
    one = client
    token = one.start(user).token
    odd = [nil, 7, [], ["1"], { "a" => "b" }, "", "\0", "12345\0", "\xFF\xFE", "\xED\xA0\x80", "３４５６７x", "1" * 1_000_000, %(","accepted":{),
           "123456".encode("UTF-16LE"), "\xE9".dup.force_encoding("ISO-8859-1")]
    odd.each do |typed|
      assert_raises(Xoxzo2fa::Refuse, typed.inspect[0, 30]) { one.verify(token, user, typed) }
      assert_raises(Xoxzo2fa::Refuse, typed.inspect[0, 30]) { one.verify(typed, user, "123456") }
      assert_raises(Xoxzo2fa::Refuse, typed.inspect[0, 30]) { one.status(typed) }
    end
    assert_equal "user-1", one.verify(token, user, xoxzo.pin(user.recipient)).subject
  end

  def test_of_many_threads_one_is_accepted
    one = client
    token = one.start(user).token
    pin = xoxzo.pin(user.recipient)
    outcomes = Array.new(40) { Thread.new { outcome { one.verify(token, user, pin) } } }.map(&:value)
    assert_equal({ "user-1" => 1, "used" => 39 }, outcomes.tally)
  end

  def test_operators_look_and_unlock
    one = client
    challenge = one.start(user)
    assert_raises(Xoxzo2fa::Refuse) { one.verify(challenge.token, user, other_than(xoxzo.pin(user.recipient))) }
    limits = one.limits("ann", user.subject, user.recipient)
    assert(limits.limits.any? { |limit| limit.setting == "failures.soft" && limit.total == 1 })
    unlocked = one.unlock("ann", user.subject, user.recipient)
    assert_equal [1, 1], [unlocked.failures, unlocked.messages]
    assert_includes %w[queued delivering delivered], one.status(challenge.handle).delivery
    assert_operator one.credits("ann").credits, :>, 0
    assert_includes one.preview("login").first.text, "123456"
    assert_nil one.ready
    assert_equal 22, one.number_index(user.recipient).length
    assert_equal 22, one.trail(user.subject, user.recipient).subject.length
    assert_equal 8, one.inspect_token(challenge.token).key_id.length
  end
end
