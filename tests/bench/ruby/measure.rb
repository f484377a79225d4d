# frozen_string_literal: true

# Prepares what an operation needs, times nothing but the operation, and checks what it answered. `../bench.py` says what is read and answered.
#
# A login has `locks?`, whether it locks out a user whose guesses at several challenges were wrong; `altered`, the code of a token that was altered;
# `user(number, other:)`, where `other` has the same user with another phone; `start(user)`, which returns the token or the code of the refusal;
# `verify(token, user, pin)`, which returns an empty text or the code of the refusal; `sent`, the codes since it was last asked; and `turn_back(seconds)`.

require "json"

# Asks a login, and times it.
class Measure
  CODES = {
    "verify" => "", "wrong-pin" => "wrong-pin", "expired" => "expired", "exhausted" => "exhausted", "locked" => "locked",
    "malformed" => "malformed", "not-ours" => "invalid-token", "replay" => "used"
  }.freeze
  # Answers, for one challenge or user that is refused again and again, to one setup.
  REPEATED = 10
  # Wrong guesses that a challenge takes.
  GUESSES = 5
  # More seconds than a challenge of the settings lives.
  OUTLIVED = 100

  Challenge = Struct.new(:user, :token, :pin)

  def initialize(login)
    @login = login
    @users = 0
  end

  # Answers until the questions end.
  def answer
    while (line = $stdin.gets)
      operation, count = line.split
      $stdout.puts(JSON.generate(ask(operation, count.to_i)))
      $stdout.flush
    end
  end

  private

  def ask(operation, count)
    return { absent: true } if operation == "locked" && !@login.locks?

    users = %w[exhausted locked malformed].include?(operation) ? (count + REPEATED - 1) / REPEATED : count
    return started(draw(users), count) if operation == "start"

    @login.turn_back(operation == "expired" ? OUTLIVED : 0)
    challenges = challenged(users)
    @login.turn_back(0)
    prepare(operation, challenges)
    turns = Array.new(count) { |at| challenges[at % users] }
    answers, told = timed(turns) { |it| operation == "locked" ? @login.start(it.user) : @login.verify(it.token, it.user, it.pin) }
    wanted = operation == "not-ours" ? @login.altered : CODES.fetch(operation)
    answers.each { |code| hold(code == wanted, "#{operation}: #{code.inspect} instead of #{wanted.inspect}") }
    told
  end

  def started(users, count)
    answers, told = timed(users) { |user| @login.start(user) }
    hold(answers.map(&:length).min > "invalid-token".length && @login.sent.length == count, "a start was refused")
    told
  end

  def prepare(operation, challenges)
    exhaust(challenges) if %w[exhausted locked].include?(operation)
    if operation == "locked"
      @users -= challenges.length
      exhaust(challenged(challenges.length, other: true))
    end
    challenges.each { |each| alter(operation, each) }
  end

  def alter(operation, each)
    case operation
    when "replay" then hold(@login.verify(each.token, each.user, each.pin) == "", "a right code was refused")
    when "not-ours" then each.token = each.token[..-2] + (each.token.end_with?("0") ? "1" : "0")
    when "malformed" then each.pin = "12345x"
    when "wrong-pin" then each.pin = other(each.pin)
    end
  end

  def exhaust(challenges)
    challenges.each do |each|
      GUESSES.times do
        code = @login.verify(each.token, each.user, other(each.pin))
        hold(%w[wrong-pin locked].include?(code), "#{code.inspect} instead of a wrong guess")
      end
    end
  end

  def draw(users, other: false)
    @users += users
    ((@users - users)...@users).map { |number| @login.user(number, other:) }
  end

  def challenged(users, other: false)
    drawn = draw(users, other:)
    tokens = drawn.map { |user| @login.start(user) }
    pins = @login.sent
    hold(pins.length == tokens.length, "a message has no code")
    drawn.zip(tokens, pins).map { |each| Challenge.new(*each) }
  end

  def timed(of, &)
    wall = nanoseconds(Process::CLOCK_MONOTONIC)
    cpu = nanoseconds(Process::CLOCK_PROCESS_CPUTIME_ID)
    answers = of.map(&)
    cpu = nanoseconds(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu
    [answers, { count: answers.length, wall_ns: nanoseconds(Process::CLOCK_MONOTONIC) - wall, cpu_ns: cpu }]
  end

  def nanoseconds(clock) = Process.clock_gettime(clock, :nanosecond)

  def other(pin) = pin == "000000" ? "000001" : "000000"

  def hold(right, otherwise) = right || abort(otherwise)
end
